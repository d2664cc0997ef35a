// Page /dashboard: the visitor's desk. Keep, but what it shows should be read here: instead, three server actions are
// called in the browser as soon as it has loaded (see components/DashboardPanels.tsx).
import { DashboardPanels } from "@/components/DashboardPanels";

export default function Dashboard() {
  return (
    <>
      <h1>Your desk</h1>
      <DashboardPanels />
    </>
  );
}
