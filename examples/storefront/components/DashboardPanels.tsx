"use client";
// Fills the dashboard after it has loaded, by three read actions in a Promise.all. It looks parallel; Next.js sends
// the second when the first has answered. The page should read all three while it renders.
import Link from "next/link";
import { useEffect, useState } from "react";
import { getNotifications } from "@/actions/getNotifications";
import { getProfile } from "@/actions/getProfile";
import { getRecommendations } from "@/actions/getRecommendations";

interface Desk {
  profile: Awaited<ReturnType<typeof getProfile>>;
  recommendations: Awaited<ReturnType<typeof getRecommendations>>;
  notifications: string[];
}

export function DashboardPanels() {
  const [desk, setDesk] = useState<Desk>();
  useEffect(() => {
    Promise.all([getProfile(), getRecommendations(), getNotifications()]).then(([profile, recommendations, notifications]) =>
      setDesk({ profile, recommendations, notifications }),
    );
  }, []);

  if (!desk) return <p className="lead">One moment …</p>;
  return (
    <div className="grid" data-testid="desk">
      <section className="card">
        <h2>You</h2>
        <p>{desk.profile.name}</p>
        <p className="muted">{desk.profile.member ? "Member" : "Not signed in"}</p>
      </section>
      <section className="card">
        <h2>You may like</h2>
        <ul>
          {desk.recommendations.map(({ id, name }) => (
            <li key={id}>
              <Link href={`/product/${id}`} prefetch={false}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      </section>
      <section className="card">
        <h2>News</h2>
        <ul>
          {desk.notifications.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </section>
    </div>
  );
}
