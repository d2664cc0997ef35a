// Action getNotifications: news for the dashboard. WRONG SIDE: move_to_server_component.
// Third in the same Promise.all on mount: it waits for both of its neighbours.
"use server";

import { notificationsFor } from "@/data/customers";
import { visitor } from "@/data/visitor";

export async function getNotifications(): Promise<string[]> {
  return notificationsFor(await visitor());
}
