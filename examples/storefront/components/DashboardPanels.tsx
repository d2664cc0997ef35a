"use client";
// Fills the dashboard after it has loaded, by three read actions in a Promise.all. It looks parallel; Next.js sends
// the second when the first has answered. The page should read all three while it renders.
import { useEffect, useState } from "react";
import { getNotifications } from "@/actions/getNotifications";
import { getProfile } from "@/actions/getProfile";
import { getRecommendations } from "@/actions/getRecommendations";
import { Desk, type DeskContents } from "./Desk";

export function DashboardPanels() {
  const [desk, setDesk] = useState<DeskContents>();
  useEffect(() => {
    Promise.all([getProfile(), getRecommendations(), getNotifications()]).then(([profile, recommendations, notifications]) =>
      setDesk({ profile, recommendations, notifications }),
    );
  }, []);

  return desk ? <Desk {...desk} /> : <p className="lead">One moment …</p>;
}
