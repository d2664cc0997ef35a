//! Whether a `matcher` of `proxy.ts` or `middleware.ts` lets a path through to it. Patterns are those of Next.js's documentation:
//! literal segments, `:name` with `?`, `*` and `+`, and groups with a part of a regular expression. A pattern of another kind is not
//! evaluated: what is not known is said so.

/// Steps that one comparison may take: patterns are written by others, and some take forever.
const MOST_STEPS: usize = 100_000;
/// Groups within each other.
const DEEPEST: usize = 32;

/// Whether a pattern matches a path; `None` if that cannot be said.
pub(super) fn matches(pattern: &str, path: &str) -> Option<bool> {
    let expression = as_expression(pattern)?;
    let letters: Vec<char> = expression.chars().collect();
    let mut parser = Parser { letters: &letters, at: 0, depth: 0 };
    let whole = parser.alternatives()?;
    if parser.at != letters.len() {
        return None;
    }
    let path: Vec<char> = path.chars().collect();
    let mut steps = Steps(MOST_STEPS);
    let ends = |at: usize, _: &mut Steps| Some(at == path.len() || path.get(at..) == Some(&['/'][..]));
    any(&whole, &path, 0, &mut steps, &ends)
}

/// A path pattern as a regular expression: `/a/:b*` as `/a(?:/[^/]+)*`.
fn as_expression(pattern: &str) -> Option<String> {
    if !pattern.starts_with('/') || pattern.contains(['{', '}']) {
        return None;
    }
    let letters: Vec<char> = pattern.chars().collect();
    let mut out = String::new();
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        let inner = match letter {
            ':' => {
                at += 1;
                let length = letters.get(at..)?.iter().take_while(|one| is_of_name(**one)).count();
                at += length;
                if length == 0 {
                    return None;
                }
                let group = group(&letters, &mut at)?;
                Some(if group.is_empty() { "[^/]+".to_owned() } else { group })
            }
            '(' => Some(group(&letters, &mut at)?),
            '.' | '+' | '*' | '?' | '[' | ']' | '^' | '$' | '|' => return None,
            _ => None,
        };
        let Some(inner) = inner else {
            out.push(*letter);
            at += 1;
            continue;
        };
        match letters.get(at).filter(|next| ['?', '*', '+'].contains(next)) {
            Some(times) => {
                at += 1;
                let slash = if out.ends_with('/') { out.pop().map_or("", |_| "/") } else { "" };
                out += &format!("(?:{slash}(?:{inner})){times}");
            }
            None => out += &format!("(?:{inner})"),
        }
    }
    Some(out)
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// What is between the brackets that open here, if any do.
fn group(letters: &[char], at: &mut usize) -> Option<String> {
    if letters.get(*at) != Some(&'(') {
        return Some(String::new());
    }
    let (mut depth, mut inner, mut escaped) = (0_usize, String::new(), false);
    loop {
        let letter = *letters.get(*at)?;
        *at += 1;
        match letter {
            '(' if !escaped => depth += 1,
            ')' if !escaped => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            // Without its own first bracket.
            return Some(inner.chars().skip(1).collect());
        }
        escaped = letter == '\\' && !escaped;
        inner.push(letter);
    }
}

/// A part of a regular expression.
enum Part {
    Letter(char),
    AnyLetter,
    OneOf {
        letters: Vec<char>,
        except: bool,
    },
    Group(Vec<Sequence>),
    /// What follows must not begin so.
    NotAhead(Vec<Sequence>),
    End,
}

/// A part, and how often it comes.
struct Repeated {
    part: Part,
    at_least: usize,
    at_most: usize,
}

type Sequence = Vec<Repeated>;

struct Parser<'a> {
    letters: &'a [char],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let letter = self.peek()?;
        self.at += 1;
        Some(letter)
    }

    fn alternatives(&mut self) -> Option<Vec<Sequence>> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let mut all = vec![Sequence::new()];
        while let Some(letter) = self.peek().filter(|letter| *letter != ')') {
            if letter == '|' {
                self.at += 1;
                all.push(Sequence::new());
                continue;
            }
            let part = self.part()?;
            let (at_least, at_most) = match self.peek() {
                Some('*') => (0, usize::MAX),
                Some('+') => (1, usize::MAX),
                Some('?') => (0, 1),
                _ => (1, 1),
            };
            if (at_least, at_most) != (1, 1) {
                self.at += 1;
                // `.*?` matches the same paths as `.*`.
                if self.peek() == Some('?') {
                    self.at += 1;
                }
            }
            all.last_mut()?.push(Repeated { part, at_least, at_most });
        }
        self.depth -= 1;
        Some(all)
    }

    fn part(&mut self) -> Option<Part> {
        Some(match self.next()? {
            '.' => Part::AnyLetter,
            '$' => Part::End,
            '\\' => Part::Letter(self.next().filter(|letter| !letter.is_alphanumeric())?),
            '[' => self.one_of()?,
            '(' => {
                let ahead = match (self.peek(), self.letters.get(self.at + 1)) {
                    (Some('?'), Some('!')) => Some(true),
                    (Some('?'), Some(':')) => Some(false),
                    (Some('?'), _) => return None,
                    _ => None,
                };
                self.at += if ahead.is_some() { 2 } else { 0 };
                let inner = self.alternatives()?;
                self.next().filter(|letter| *letter == ')')?;
                if ahead == Some(true) { Part::NotAhead(inner) } else { Part::Group(inner) }
            }
            '*' | '+' | '?' | '^' | '{' | '}' => return None,
            letter => Part::Letter(letter),
        })
    }

    fn one_of(&mut self) -> Option<Part> {
        let except = self.peek() == Some('^');
        self.at += usize::from(except);
        let mut letters = Vec::new();
        loop {
            match self.next()? {
                ']' => return Some(Part::OneOf { letters, except }),
                '\\' => letters.push(self.next().filter(|letter| !letter.is_alphanumeric())?),
                '-' => return None,
                letter => letters.push(letter),
            }
        }
    }
}

/// How many steps are left.
struct Steps(usize);

impl Steps {
    fn take(&mut self) -> Option<()> {
        self.0 = self.0.checked_sub(1)?;
        Some(())
    }
}

/// What must hold where a part ends.
type Then<'t> = dyn Fn(usize, &mut Steps) -> Option<bool> + 't;

/// Whether one of some sequences matches from here, and what follows does too.
fn any(all: &[Sequence], path: &[char], at: usize, steps: &mut Steps, then: &Then<'_>) -> Option<bool> {
    for sequence in all {
        if parts(sequence, path, at, steps, then)? {
            return Some(true);
        }
    }
    Some(false)
}

fn parts(rest: &[Repeated], path: &[char], at: usize, steps: &mut Steps, then: &Then<'_>) -> Option<bool> {
    match rest.split_first() {
        None => then(at, steps),
        Some((first, rest)) => {
            repeated(first, 0, path, at, steps, &|at, steps| parts(rest, path, at, steps, then))
        }
    }
}

fn repeated(
    part: &Repeated,
    times: usize,
    path: &[char],
    at: usize,
    steps: &mut Steps,
    then: &Then<'_>,
) -> Option<bool> {
    steps.take()?;
    if times < part.at_most {
        let again = |next: usize, steps: &mut Steps| {
            // A part that takes nothing would come for ever.
            if next == at && times >= part.at_least {
                return Some(false);
            }
            repeated(part, times + 1, path, next, steps, then)
        };
        if once(&part.part, path, at, steps, &again)? {
            return Some(true);
        }
    }
    if times >= part.at_least { then(at, steps) } else { Some(false) }
}

fn once(part: &Part, path: &[char], at: usize, steps: &mut Steps, then: &Then<'_>) -> Option<bool> {
    let letter = path.get(at);
    let fits = match part {
        Part::Group(inner) => return any(inner, path, at, steps, then),
        Part::NotAhead(inner) => {
            return if any(inner, path, at, steps, &|_, _| Some(true))? {
                Some(false)
            } else {
                then(at, steps)
            };
        }
        Part::End => return if letter.is_none() { then(at, steps) } else { Some(false) },
        Part::Letter(own) => letter == Some(own),
        Part::AnyLetter => letter.is_some(),
        Part::OneOf { letters, except } => letter.is_some_and(|one| letters.contains(one) != *except),
    };
    if fits { then(at + 1, steps) } else { Some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_patterns_of_next_js_are_evaluated() {
        for (pattern, path, expected) in [
            ("/about", "/about", true),
            ("/about", "/about/", true),
            ("/about", "/about/us", false),
            ("/dashboard/:path*", "/dashboard", true),
            ("/dashboard/:path*", "/dashboard/a/b", true),
            ("/dashboard/:path*", "/dashboards", false),
            ("/dashboard/:path+", "/dashboard", false),
            ("/a/:b?", "/a", true),
            ("/a/:b", "/a/x", true),
            ("/a/:b(x|y)", "/a/z", false),
            ("/(api|trpc)(.*)", "/api/cart", true),
            ("/(api|trpc)(.*)", "/shop", false),
            ("/((?!api|_next/static|_next/image|favicon.ico).*)", "/api/cart", false),
            ("/((?!api|_next/static|_next/image|favicon.ico).*)", "/shop", true),
            ("/((?!_next/|api/webhooks/|api/health).*)", "/api/cart", true),
            ("/((?!.*\\..*|_next).*)", "/a.png", false),
            ("/((?!.*\\..*|_next).*)", "/", true),
            ("/((?!_next|[^?]*\\.(?:html?|css)).*)", "/x/a.css", false),
        ] {
            assert_eq!(matches(pattern, path), Some(expected), "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_not_understood_or_takes_forever_is_not_answered() {
        for pattern in ["about", "/a{-:b}?", "/(\\w+)", "/((?<=a)b)", "/(a", "/[a-z]", "/:"] {
            assert_eq!(matches(pattern, "/about"), None, "{pattern}");
        }
        assert_eq!(matches("/((a*)*)*b", &format!("/{}", "a".repeat(60))), None);
        assert_eq!(matches(&format!("/{}{}", "(".repeat(200), ")".repeat(200)), "/a"), None);
    }
}
