//! A file's text as facts. Only this folder knows the parser; its trees live no longer than the reading of a file.

mod clients;
mod drafting;
mod exports;
mod methods;
mod names;
mod refresh;
mod requests;
mod tree;
mod urls;
mod uses;

use oxc_allocator::Allocator;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

use crate::module::Module;
pub(crate) use drafting::*;
use tree::Tree;

/// What a file says. `None` if its name is not that of a source file.
pub(crate) fn read(file: &str, text: &str) -> Option<Module> {
    let kind = SourceType::from_path(file).ok()?;
    let allocator = Allocator::default();
    let options = ParseOptions { preserve_parens: false, ..ParseOptions::default() };
    let parsed = Parser::new(&allocator, text, kind).with_options(options).parse();
    let syntax_error = parsed.panicked || !parsed.diagnostics.is_empty();
    let program = allocator.alloc(parsed.program);
    let tree = Tree::of(program, text);
    let mut module = Module { syntax_error, ..Module::default() };
    let is_config = file.rsplit('/').next().is_some_and(|name| name.starts_with("next.config."));
    exports::read(&tree, is_config, &mut module);
    names::read(&tree, &mut module);
    uses::read(&tree, &mut module);
    requests::read(&tree, &mut module);
    Some(module)
}

/// Whether a parser can work through this text without a deep stack: how many brackets stand within each other, and how
/// many operators follow each other without an end of a statement. Strings and comments are not told from code, so a
/// file may be refused that would have been harmless.
pub(crate) fn is_shallow(text: &str, nesting: usize) -> bool {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            // A number: drawings are full of them.
            b'.' if is_digit(at + 1) && is_digit(at.wrapping_sub(1)) => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'}' => {
                depth = depth.saturating_sub(1);
                operators = 0;
            }
            b';' | b',' => operators = 0,
            b'+' | b'-' | b'!' | b'~' | b'*' | b'/' | b'%' | b'<' | b'>' | b'=' | b'&' | b'|' | b'^'
            | b'?' | b':' | b'.' | b'`' => operators += 1,
            _ => {}
        }
        if depth > nesting || operators > nesting * 16 {
            return false;
        }
    }
    true
}
