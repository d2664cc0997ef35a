// What a visitor sees at a path the shop does not have.
export default function NotFound() {
  return (
    <section className="narrow">
      <h1>Nothing on this shelf</h1>
      <p className="lead">The page you look for is not here, or not any more.</p>
    </section>
  );
}
