// Page /assistant: ask for advice. Keep. The answer streams in from GET /api/assistant.
import { Assistant } from "@/components/Assistant";

export default function AssistantPage() {
  return (
    <section className="narrow">
      <h1>Ask us</h1>
      <Assistant />
    </section>
  );
}
