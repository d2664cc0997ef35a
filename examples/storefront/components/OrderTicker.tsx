"use client";
// Follows an order by calling the action getOrderStatus at a steady pace, until it has arrived.
import { useEffect, useState } from "react";
import { getOrderStatus } from "@/actions/getOrderStatus";
import type { Stage } from "@/data/orders";

export function OrderTicker(props: { orderId: string; firstStage: Stage; stages: Stage[]; pollMilliseconds: number }) {
  const { orderId, firstStage, stages, pollMilliseconds } = props;
  const [stage, setStage] = useState(firstStage);
  const [polls, setPolls] = useState(0);
  const arrived = stage === stages.at(-1);

  useEffect(() => {
    if (arrived) return;
    const timer = setInterval(async () => {
      const now = await getOrderStatus(orderId);
      if (now) setStage(now);
      setPolls((count) => count + 1);
    }, pollMilliseconds);
    return () => clearInterval(timer);
  }, [arrived, orderId, pollMilliseconds]);

  return (
    <ol className="stages" data-testid="order-stage" data-polls={polls}>
      {stages.map((each, index) => (
        <li key={each} className={index <= stages.indexOf(stage) ? "done" : ""}>
          {each}
        </li>
      ))}
    </ol>
  );
}
