// Action getRecommendations: three products for the dashboard. WRONG SIDE: move_to_server_component.
// Read on mount in a Promise.all that is not parallel: it waits for getProfile to finish.
"use server";

import { recommendationsFor } from "@/data/customers";
import { visitor } from "@/data/visitor";

export async function getRecommendations(): Promise<{ id: string; name: string }[]> {
  return recommendationsFor(await visitor());
}
