//! Apps for the tests, each in a folder of its own, with package managers that note how they were called and write the names
//! into the manifest.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::{Run, command, workspace};

/// What `create-next-app` asks.
#[derive(Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) typescript: bool,
    pub(crate) src: bool,
    pub(crate) lock: &'static str,
}

impl Kind {
    pub(crate) fn usual() -> Self {
        Self { typescript: true, src: false, lock: "package-lock.json" }
    }

    pub(crate) fn manager(&self) -> &'static str {
        match self.lock {
            "pnpm-lock.yaml" => "pnpm",
            "yarn.lock" => "yarn",
            "bun.lock" => "bun",
            _ => "npm",
        }
    }
}

/// An app, and the programs that it finds.
pub(crate) struct App {
    folder: TempDir,
    /// Where the app is below it.
    pub(crate) path: PathBuf,
}

/// Adds what is named to package.json, or removes it, and writes the lock file; fails with the words in `fail`.
const PRETENDS: &str = r#"#!/bin/sh
here=$(dirname "$0")
if [ "$1" = --version ]; then echo 10.0.0; exit 0; fi
name=$(basename "$0")
if [ -f "$here/fail" ]; then
  echo '{"half":"written"}' > package.json
  cat "$here/fail" >&2
  exit 1
fi
echo "$name $*" >> "$here/calls"
verb=$1; shift
exec "$(cat "$here/node-path")" -e '
const fs = require("fs")
const [verb, ...words] = process.argv.slice(1)
const manifest = JSON.parse(fs.readFileSync("package.json", "utf8"))
for (const word of words.filter((word) => !word.startsWith("-"))) {
  const at = word.lastIndexOf("@")
  const tarball = word.includes(".tgz")
  const name = tarball ? "@pointsman/nextjs" : at > 0 ? word.slice(0, at) : word
  if (["remove", "uninstall"].includes(verb)) delete manifest.dependencies[name]
  else manifest.dependencies[name] = tarball ? "file:" + word.replace(/^.*file:/, "") : at > 0 ? "^" + word.slice(at + 1) : "^0.1.0"
}
fs.writeFileSync("package.json", JSON.stringify(manifest, null, 2) + "\n")
' "$verb" "$@"
"#;

impl App {
    fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("my-app");
        let bin = folder.path().join("bin");
        fs::create_dir_all(&path).unwrap();
        fs::create_dir_all(&bin).unwrap();
        let node = Command::new("sh").args(["-c", "command -v node"]).output().unwrap().stdout;
        let node = String::from_utf8(node).unwrap();
        fs::write(bin.join("node-path"), node.trim()).unwrap();
        std::os::unix::fs::symlink(node.trim(), bin.join("node")).unwrap();
        let app = Self { folder, path };
        for name in ["npm", "pnpm", "yarn", "bun"] {
            app.program(name, PRETENDS);
        }
        app
    }

    /// As `create-next-app` leaves it, without what is not looked at.
    pub(crate) fn fresh(kind: &Kind) -> Self {
        let app = Self::empty();
        app.add_next_app("", "my-app", kind);
        app.write(kind.lock, "");
        app
    }

    /// A workspace, empty but for its root.
    pub(crate) fn workspace(manifest: &Value) -> Self {
        let app = Self::empty();
        app.write("package.json", &manifest.to_string());
        app
    }

    /// Puts an app of Next.js below the folder.
    pub(crate) fn add_next_app(&self, below: &str, name: &str, kind: &Kind) {
        let code = if kind.src { "src/app" } else { "app" };
        let ending = if kind.typescript { "tsx" } else { "js" };
        let at = |file: &str| if below.is_empty() { file.to_owned() } else { format!("{below}/{file}") };
        let manifest = json!({
            "name": name, "version": "0.1.0", "private": true,
            "scripts": { "dev": "next dev", "build": "next build", "start": "next start" },
            "dependencies": { "next": "16.0.1", "react": "19.2.0", "react-dom": "19.2.0" },
        });
        self.write(&at("package.json"), &serde_json::to_string_pretty(&manifest).unwrap());
        self.write(&at(&format!("{code}/page.{ending}")), "export default function Home() { return null }\n");
        if kind.typescript {
            self.write(&at("tsconfig.json"), "{}\n");
        }
        let config = if kind.typescript { "next.config.ts" } else { "next.config.mjs" };
        self.write(
            &at(config),
            "const nextConfig = {\n  /* config options here */\n};\n\nexport default nextConfig;\n",
        );
    }

    /// The example app of this repository, without Pointsman.
    pub(crate) fn storefront() -> Self {
        let app = Self::empty();
        let from = workspace().join("examples/storefront");
        for file in ["package.json", "package-lock.json", "next.config.ts", "tsconfig.json", "proxy.ts"] {
            app.write(file, &fs::read_to_string(from.join(file)).unwrap());
        }
        let mut manifest: Value = serde_json::from_str(&app.read("package.json")).unwrap();
        manifest["dependencies"].as_object_mut().unwrap().retain(|name, _| !name.starts_with('@'));
        app.write("package.json", &manifest.to_string());
        app.write("app/page.tsx", "");
        app
    }

    pub(crate) fn program(&self, name: &str, script: &str) {
        let file = self.folder.path().join("bin").join(name);
        fs::write(&file, script).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub(crate) fn without_program(&self, name: &str) {
        fs::remove_file(self.folder.path().join("bin").join(name)).unwrap();
    }

    /// The package managers say this and fail from now on, after they have spoiled the manifest.
    pub(crate) fn managers_fail(&self, saying: &str) {
        fs::write(self.folder.path().join("bin/fail"), saying).unwrap();
    }

    /// The database that init looks into when it waits.
    pub(crate) fn db(&self) -> PathBuf {
        self.folder.path().join("pointsman.db")
    }

    /// How the package managers were called.
    pub(crate) fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("bin/calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let file = self.path.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// A file beside the app.
    pub(crate) fn outside(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    }

    pub(crate) fn depends_on(&self, packages: &[(&str, &str)]) {
        let mut manifest: Value = serde_json::from_str(&self.read("package.json")).unwrap();
        for (name, version) in packages {
            manifest["dependencies"][name] = json!(version);
        }
        self.write("package.json", &manifest.to_string());
    }

    /// Every file below the folder, with its content.
    pub(crate) fn all_files(&self) -> BTreeMap<PathBuf, String> {
        let mut files = BTreeMap::new();
        collect(&self.path, &mut files);
        files
    }

    /// Runs init in the app's folder, where no other program is found than those of the test, and `cat`, `sh` and the like.
    pub(crate) fn init(&self, arguments: &[&str]) -> Run {
        let output = self.command(arguments).output().unwrap();
        Run {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut init = command(&self.db());
        let tools = self.folder.path().join("tools");
        if !tools.exists() {
            fs::create_dir(&tools).unwrap();
            for name in ["sh", "cat", "dirname", "basename", "echo"] {
                let found =
                    Command::new("sh").args(["-c", &format!("command -v {name}")]).output().unwrap().stdout;
                let found = String::from_utf8(found).unwrap();
                if found.starts_with('/') {
                    std::os::unix::fs::symlink(found.trim(), tools.join(name)).unwrap();
                }
            }
        }
        let path = format!("{}:{}", self.folder.path().join("bin").display(), tools.display());
        init.env("PATH", path).arg("init").args(arguments).current_dir(&self.path);
        init
    }
}

fn collect(folder: &Path, files: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.insert(path.clone(), fs::read_to_string(&path).unwrap());
        }
    }
}
