"use client";
// Asks GET /api/search while somebody types: after a short pause, and never for words that are already outdated.
import Link from "next/link";
import { useEffect, useState } from "react";
import { money } from "@/data/money";

const pauseAfterTyping = 120;

interface Found {
  words: string;
  results: { id: string; name: string; price: number; liked: boolean }[];
}

export function SearchBox() {
  const [words, setWords] = useState("");
  const [found, setFound] = useState<Found>();

  useEffect(() => {
    if (words.trim() === "") return;
    const outdated = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const response = await fetch(`/api/search?q=${encodeURIComponent(words)}`, { signal: outdated.signal });
        const { results } = await response.json();
        setFound({ words, results });
      } catch (error) {
        if (!outdated.signal.aborted) throw error;
      }
    }, pauseAfterTyping);
    return () => {
      clearTimeout(timer);
      outdated.abort();
    };
  }, [words]);

  return (
    <>
      <input className="wide" aria-label="Search for" placeholder="lamp, mug, quiet …" value={words} onChange={(event) => setWords(event.target.value)} />
      <ul className="results" data-testid="results" data-words={found?.words}>
        {found?.results.map(({ id, name, price, liked }) => (
          <li key={id}>
            <Link href={`/product/${id}`} prefetch={false}>
              {name}
            </Link>
            {liked && " ♥"} <span className="muted">{money(price)}</span>
          </li>
        ))}
        {found?.results.length === 0 && <li className="muted">Nothing found for “{found.words}”.</li>}
      </ul>
    </>
  );
}
