//! The rules: each with its manual, as it stands in `docs/rules`, and the thresholds in force.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use include_dir::{Dir, include_dir};
use pointsman_advisor::EffectiveRule;
use pulldown_cmark::{Event, Options, Parser};

use super::choice::name as service_name;
use super::{Frame, Page, Part, draw};
use crate::render;
use crate::web::{Problem, View, Web};

/// The manuals, one file a rule.
static MANUALS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../docs/rules");

#[derive(Template)]
#[template(path = "pages/rules.html")]
struct RulesPage {
    frame: Frame,
    rules: Vec<Listed>,
}

/// A rule in the list.
struct Listed {
    id: &'static str,
    summary: String,
    effect: &'static str,
    /// Handlers about which it speaks, of all services.
    speaks: usize,
}

#[derive(Template)]
#[template(path = "pages/rule.html")]
struct RulePage {
    frame: Frame,
    manual: String,
    in_force: Vec<InForce>,
    speaks: Vec<Speaking>,
}

/// A rule's thresholds for one service and environment.
struct InForce {
    service: String,
    state: &'static str,
    weight: String,
    threshold: String,
    min_samples: u64,
}

/// A handler about which a rule speaks.
struct Speaking {
    id: String,
    name: String,
    text: String,
}

pub(super) fn router() -> Router<Web> {
    Router::new().route("/rules", get(rules)).route("/rules/{id}", get(rule))
}

/// The manual of a rule, in Markdown.
pub(crate) fn manual(id: &str) -> Option<&'static str> {
    pointsman_advisor::rules::RULES.iter().find(|rule| rule.id == id)?;
    MANUALS.get_file(format!("{id}.md"))?.contents_utf8()
}

/// Its first sentence.
pub(crate) fn summary(manual: &str) -> &str {
    let mut lines = manual.lines().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default()
}

async fn rules(State(web): State<Web>) -> Page {
    let view = web.board.view();
    let mut listed: Vec<Listed> = Vec::new();
    for rule in pointsman_advisor::rules::RULES {
        // A rule that moves and improves stands in the list twice.
        if listed.iter().all(|other| other.id != rule.id) {
            listed.push(Listed {
                id: rule.id,
                summary: manual(rule.id).map(summary).unwrap_or_default().replace('`', ""),
                effect: effect(rule.effect),
                speaks: speaking(&view, rule.id).len(),
            });
        }
    }
    draw(&RulesPage { frame: Frame::new(Part::Rules, "Rules"), rules: listed })
}

async fn rule(State(web): State<Web>, Path(id): Path<String>) -> Page {
    let manual =
        manual(&id).ok_or_else(|| Problem::not_found("there is no such rule; /rules lists them all"))?;
    let view = web.board.view();
    let in_force = view.reports().filter_map(|report| {
        let rule = report.rules.iter().find(|rule| rule.id == id)?;
        Some(in_force(service_name(&report.service, report.environment.as_deref()), rule))
    });
    draw(&RulePage {
        frame: Frame::new(Part::Rules, id.clone()),
        manual: html(manual),
        in_force: in_force.collect(),
        speaks: speaking(&view, &id),
    })
}

fn in_force(service: String, rule: &EffectiveRule) -> InForce {
    InForce {
        service,
        state: match (rule.enabled, rule.shadow) {
            (false, _) => "off",
            (true, true) => "shadow mode",
            (true, false) => "on",
        },
        weight: render::amount(rule.weight),
        threshold: render::amount(rule.threshold),
        min_samples: rule.min_samples,
    }
}

fn speaking(view: &View, id: &str) -> Vec<Speaking> {
    let handlers = view.reports().flat_map(|report| &report.handlers);
    let of_handler = |handler: &pointsman_advisor::HandlerReport| {
        let row = handler.evidence.iter().find(|row| row.rule == id)?;
        Some(Speaking {
            id: handler.id.clone(),
            name: render::safe::terminal(&render::name(handler)),
            text: render::safe::sentence(&row.text),
        })
    };
    handlers.filter_map(of_handler).collect()
}

fn effect(effect: pointsman_advisor::rules::Effect) -> &'static str {
    use pointsman_advisor::rules::Effect;
    match effect {
        Effect::BlocksAction | Effect::BlocksRoute => "blocks a move",
        Effect::ForAction => "for a Server Action",
        Effect::ForRoute => "for a route handler",
        Effect::ForServerComponent => "for a server component",
        Effect::AgainstAction | Effect::AgainstRoute => "against a move",
        Effect::Rests => "supports keeping it",
        Effect::Improves => "improves in place",
    }
}

/// Our own Markdown as HTML. Markup within it is text; links to other manuals lead to their pages.
fn html(markdown: &str) -> String {
    let events = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        other => other,
    });
    let mut html = String::new();
    pulldown_cmark::html::push_html(&mut html, events);
    html.replace(".md\"", "\"")
}
