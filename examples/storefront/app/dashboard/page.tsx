// Page /dashboard: the visitor's desk. Keep, but what it shows should be read here: instead, three server actions are
// called in the browser as soon as it has loaded (see components/DashboardPanels.tsx). With STOREFRONT_MOVED=1 it is
// read here.
import { DashboardPanels } from "@/components/DashboardPanels";
import { Desk, type DeskContents } from "@/components/Desk";
import { notificationsFor, profileOf, recommendationsFor } from "@/data/customers";
import { moved } from "@/data/moved";
import { visitor } from "@/data/visitor";

export default async function Dashboard() {
  return (
    <>
      <h1>Your desk</h1>
      {moved ? <Desk {...await deskOf(await visitor())} /> : <DashboardPanels />}
    </>
  );
}

async function deskOf(who: string): Promise<DeskContents> {
  const [profile, recommendations, notifications] = await Promise.all([profileOf(who), recommendationsFor(who), notificationsFor(who)]);
  return { profile, recommendations, notifications };
}
