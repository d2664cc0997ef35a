//! Kept reports: their history, one of them, and what changed between any two.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use jiff::tz::TimeZone;
use pointsman_advisor::Differences;
use serde::Deserialize;

use super::choice::{Which, name as service_name, query};
use super::found::{Found, Place};
use super::wanted;
use super::{Frame, Page, Part, draw};
use crate::config::Schedule;
use crate::render::when::{Moment, moment};
use crate::render::{self, differences};
use crate::web::kept::{self, Head};
use crate::web::{Problem, Web};

#[derive(Template)]
#[template(path = "pages/reports.html")]
struct ReportsPage<'a> {
    frame: Frame,
    apps: Vec<App>,
    schedule: Option<String>,
    zone: &'a str,
}

/// The reports of one service and environment, the newest first.
struct App {
    name: String,
    service: String,
    environment: String,
    reports: Vec<Listed>,
}

/// One report in the list.
struct Listed {
    at: Moment,
    href: String,
    reason: String,
    made: Moment,
}

#[derive(Template)]
#[template(path = "pages/report.html")]
struct ReportPage<'a> {
    frame: Frame,
    at: Moment,
    changes: Option<Changed>,
    found: Found<'a>,
}

#[derive(Template)]
#[template(path = "pages/changes.html")]
struct ChangesPage {
    frame: Frame,
    name: String,
    from: Moment,
    to: Moment,
    changes: Changed,
}

/// What changed, in words.
struct Changed {
    summary: String,
    lists: differences::Lists,
}

/// The query that names two reports.
#[derive(Debug, Deserialize)]
struct Two {
    service: String,
    #[serde(default)]
    environment: String,
    from: String,
    to: String,
}

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/reports", get(reports))
        .route("/reports/changes", get(difference))
        .route("/reports/{at}", get(report))
}

async fn reports(State(web): State<Web>) -> Page {
    let mut apps: Vec<App> = Vec::new();
    for head in kept::heads(&web, None).await? {
        let environment = head.environment.clone().unwrap_or_default();
        let listed = listed(&head, &web);
        match apps.iter_mut().find(|app| app.service == head.service && app.environment == environment) {
            Some(app) => app.reports.push(listed),
            None => apps.push(App {
                name: service_name(&head.service, head.environment.as_deref()),
                service: head.service,
                environment,
                reports: vec![listed],
            }),
        }
    }
    draw(&ReportsPage {
        frame: Frame::new(Part::Reports, "Reports"),
        apps,
        schedule: schedule(&web.config.reports.schedule),
        zone: &web.config.reports.time_zone.name,
    })
}

fn schedule(schedule: &Schedule) -> Option<String> {
    match schedule {
        Schedule::Off => None,
        Schedule::Every(time) => Some(format!("every {} h", render::amount(time.as_secs_f64() / 3_600.0))),
        Schedule::Cron(expression) => Some(expression.clone()),
    }
}

fn listed(head: &Head, web: &Web) -> Listed {
    Listed {
        at: moment(&head.at, web.zone()),
        href: format!("/reports/{}?{}", head.at, query(&head.service, head.environment.as_deref())),
        reason: head.reason.clone(),
        made: moment(&head.made, web.zone()),
    }
}

async fn report(
    State(web): State<Web>,
    Path(at): Path<String>,
    Query(which): Query<Which>,
    Query(wanted): Query<wanted::Query>,
) -> Page {
    let service = which.service.as_deref().ok_or_else(|| {
        Problem::bad_request(
            "name the service of the report, as in ?service=shop; /reports lists all there are",
        )
    })?;
    let report = kept::report(&web, (service, which.environment.as_deref()), &at).await?;
    let place = Place {
        path: &format!("/reports/{at}"),
        fixed: which.pairs(),
        wanted: wanted.wanted(),
        zone: web.zone(),
        evidence: None,
    };
    let found = Found::of(&report, place)?;
    let at = moment(&at, web.zone());
    draw(&ReportPage {
        frame: Frame::new(Part::Reports, format!("Report of {}", at.text)),
        at,
        changes: report.since_last_report.as_ref().map(|known| changed(known, web.zone())),
        found,
    })
}

async fn difference(State(web): State<Web>, Query(two): Query<Two>) -> Page {
    let of = (two.service.as_str(), Some(two.environment.as_str()));
    let changes = kept::difference(&web, of, &two.from, &two.to).await?;
    let environment = Some(two.environment.as_str()).filter(|name| !name.is_empty());
    draw(&ChangesPage {
        frame: Frame::new(Part::Reports, "What changed"),
        name: service_name(&two.service, environment),
        from: moment(&two.from, web.zone()),
        to: moment(&two.to, web.zone()),
        changes: changed(&changes, web.zone()),
    })
}

fn changed(known: &Differences, zone: &TimeZone) -> Changed {
    Changed { summary: differences::in_short_at(known, zone), lists: differences::told(known) }
}
