// Page /contact: write to the shop. Keep. Its form posts to the Pages Router's POST /api/legacy/contact.
import { ContactForm } from "@/components/ContactForm";

export default function Contact() {
  return (
    <section className="narrow">
      <h1>Contact</h1>
      <ContactForm />
    </section>
  );
}
