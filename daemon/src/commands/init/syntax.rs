//! Whether a file is valid JavaScript or TypeScript, asked of the app's own TypeScript, or of Node.js for JavaScript. Where neither
//! can say, brackets and quotes have to do (`source`).

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Prints the first fault; nothing when there is none, or nobody knows.
const SCRIPT: &str = r#"
const [folder, file] = process.argv.slice(1)
const text = require("node:fs").readFileSync(0, "utf8")
let typescript
try { typescript = require(require.resolve("typescript", { paths: [folder] })) } catch {}
if (typescript?.transpileModule) {
  const { diagnostics } = typescript.transpileModule(text, { fileName: file, reportDiagnostics: true, compilerOptions: { allowJs: true } })
  const first = diagnostics?.find(({ category }) => category === typescript.DiagnosticCategory.Error)
  if (first) console.log(typescript.flattenDiagnosticMessageText(first.messageText, " "))
} else if (file.endsWith(".js") && require("node:vm").SourceTextModule) {
  try { new (require("node:vm").SourceTextModule)(text) } catch (error) { console.log(String(error)) }
}
"#;

/// The first fault of a file that will hold this text.
pub(super) fn fault(folder: &Path, file: &Path, text: &str) -> Option<String> {
    let mut node = Command::new("node");
    node.args(["--experimental-vm-modules", "--no-warnings", "-e", SCRIPT]).arg(folder).arg(file);
    node.current_dir(folder).env_remove("NODE_OPTIONS");
    node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut node = node.spawn().ok()?;
    let mut input = node.stdin.take()?;
    // Without Node.js, or when it does not read on, nobody knows.
    input.write_all(text.as_bytes()).ok()?;
    drop(input);
    let output = node.wait_with_output().ok()?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.lines().next().filter(|line| output.status.success() && !line.is_empty()).map(str::to_owned)
}
