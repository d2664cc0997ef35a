// Page /account: where signing in ends. Keep. Reads who signed in right here, as the dashboard should.
import { profileOf } from "@/data/customers";
import { visitor } from "@/data/visitor";

export default async function Account() {
  const profile = await profileOf(await visitor());
  return (
    <section className="narrow">
      <h1>Hello, {profile.name}</h1>
      <p className="lead" data-testid="signed-in">
        {profile.member ? "You are signed in." : "You are not signed in."}
      </p>
    </section>
  );
}
