// What stands on a visitor's desk, once it is known. Who reads it, and when, is the business of whoever shows it.
import Link from "next/link";
import type { Profile } from "@/data/customers";

export interface DeskContents {
  profile: Profile;
  recommendations: { id: string; name: string }[];
  notifications: string[];
}

export function Desk({ profile, recommendations, notifications }: DeskContents) {
  return (
    <div className="grid" data-testid="desk">
      <section className="card">
        <h2>You</h2>
        <p>{profile.name}</p>
        <p className="muted">{profile.member ? "Member" : "Not signed in"}</p>
      </section>
      <section className="card">
        <h2>You may like</h2>
        <ul>
          {recommendations.map(({ id, name }) => (
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
          {notifications.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </section>
    </div>
  );
}
