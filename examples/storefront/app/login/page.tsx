// Page /login: sign in by an identity provider. Keep. The provider is pretended: the link leads at once to where it
// would send the browser back, GET /api/auth/callback.
import { loginState } from "@/data/customers";
import { visitor } from "@/data/visitor";

export default async function Login({ searchParams }: { searchParams: Promise<{ failed?: string }> }) {
  const { failed } = await searchParams;
  const state = loginState(await visitor());
  return (
    <section className="narrow">
      <h1>Sign in</h1>
      {failed && <p className="warning">That did not work. Please try again.</p>}
      <p className="lead">We know you by your ExampleID, and keep no password.</p>
      <a className="button" href={`/api/auth/callback?code=granted&state=${state}`}>
        Continue with ExampleID
      </a>
    </section>
  );
}
