// Page /returns: asks where a returned parcel is. Keep. Uses GET /api/returns/[id], which hardly anybody does.
import { ReturnStatus } from "@/components/ReturnStatus";

export default function Returns() {
  return (
    <section className="narrow">
      <h1>Returns</h1>
      <ReturnStatus />
    </section>
  );
}
