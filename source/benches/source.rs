//! `make bench-source`: how long a repository of 3,000 files takes to read, on one core. The files are written into a
//! temporary folder first: components, routes, actions and libraries as apps have them, some 3 KB each. Prints figures
//! and judges nothing.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "its output is what a bench is for")]

use std::path::Path;
use std::time::Instant;

use pointsman_source::{Limits, Wanted, link};

const FILES: usize = 3_000;
const ROUNDS: usize = 5;

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = write(folder.path());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        let source = link(folder.path(), &Wanted::default(), &Limits::default()).unwrap();
        times.push(start.elapsed().as_secs_f64());
        assert_eq!(source.counts.files, FILES as u64);
        assert_eq!(source.counts.skipped, std::collections::BTreeMap::new());
        println!(
            "{} files, {:.1} MB: {} handlers, {} call sites, {} unresolved in {:.2} s",
            source.counts.files,
            bytes as f64 / 1e6,
            source.handlers.len(),
            source.counts.call_sites,
            source.counts.unresolved,
            times.last().unwrap(),
        );
    }
    times.sort_by(f64::total_cmp);
    println!("median {:.2} s", times[ROUNDS / 2]);
}

fn write(folder: &Path) -> usize {
    let mut bytes = 0;
    let mut put = |name: String, text: String| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        bytes += text.len();
        std::fs::write(path, text).unwrap();
    };
    put("package.json".to_owned(), r#"{ "name": "large", "dependencies": { "next": "16.4.6" } }"#.to_owned());
    put("tsconfig.json".to_owned(), r#"{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }"#.to_owned());
    for at in 0..FILES {
        let (name, head) = match at % 10 {
            0 => (
                format!("app/api/things{at}/[id]/route.ts"),
                "import { cookies } from 'next/headers';\nexport async function GET(request: Request) { await cookies(); return Response.json({}); }\nexport async function POST() {}\n".to_owned(),
            ),
            1 => (
                format!("actions/action{at}.ts"),
                format!("'use server';\nexport async function act{at}(form: FormData) {{}}\nexport const wrapped{at} = guarded(async () => {{}});\n"),
            ),
            2..=6 => {
                let action = at - at % 10 + 1;
                let route = at - at % 10;
                (
                    format!("components/group{}/component{at}.tsx", at % 40),
                    format!(
                        "'use client';\nimport {{ act{action}, wrapped{action} }} from '@/actions/action{action}';\nimport {{ value{lib} }} from '@/lib/lib{lib}';\nexport function Component{at}() {{\n  const router = useRouter();\n  const go = async (id: string) => {{ await fetch(`/api/things{route}/${{id}}`, {{ method: 'POST' }}); router.refresh(); }};\n  return <form action={{act{action}}}><button onClick={{() => startTransition(() => wrapped{action}())}} /></form>;\n}}\n",
                        lib = at - at % 10 + 7,
                    ),
                )
            }
            _ => (format!("lib/lib{at}.ts"), format!("export const value{at} = {at};\n")),
        };
        put(name, head + &filler(at));
    }
    bytes
}

/// Code without meaning for Pointsman: functions, branches, objects, types.
fn filler(at: usize) -> String {
    let mut text = String::new();
    for part in 0..12 {
        text += &format!(
            "interface Shape{at}x{part} {{ name: string; sizes: readonly number[]; nested?: {{ deep: boolean }} }}\nfunction compute{at}x{part}(input: Shape{at}x{part}[], factor = {part}): number {{\n  const sizes = input.flatMap((one) => one.sizes).filter((size) => size > factor && size !== {at});\n  if (sizes.length === 0) return `${{factor}}`.length;\n  return sizes.reduce((sum, size) => sum + size * factor, 0) / sizes.length;\n}}\n"
        );
    }
    text
}
