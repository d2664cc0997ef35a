// Page /returns: announces a parcel that comes back. Keep. Uses POST /api/returns/[id], which hardly anybody does.
import { ReturnStatus } from "@/components/ReturnStatus";

export default function Returns() {
  return (
    <section className="narrow">
      <h1>Returns</h1>
      <ReturnStatus />
    </section>
  );
}
