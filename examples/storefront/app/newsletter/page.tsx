// Page /newsletter: a form that works with and without JavaScript. Keep. Posts to the action subscribe.
import { subscribe } from "@/actions/subscribe";
import { SubmitButton } from "@/components/SubmitButton";

export default async function Newsletter({ searchParams }: { searchParams: Promise<{ invalid?: string }> }) {
  const { invalid } = await searchParams;
  return (
    <section className="narrow">
      <h1>Newsletter</h1>
      <p className="lead">Four letters a year, one per season.</p>
      {invalid && <p className="warning">That does not look like an address.</p>}
      <form action={subscribe} className="row">
        <input name="address" required placeholder="you@example.org" aria-label="Your address" />
        <SubmitButton>Subscribe</SubmitButton>
      </form>
    </section>
  );
}
