// Page /newsletter/thanks: where the action subscribe redirects to. Keep.
export default function Thanks() {
  return (
    <section className="narrow">
      <h1>Thank you</h1>
      <p className="lead" data-testid="subscribed">
        The next letter will find you.
      </p>
    </section>
  );
}
