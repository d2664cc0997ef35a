//! A server that dies while collectors write, and its standby in its place: nothing acknowledged is lost where commits wait for the
//! standby, and senders are served again soon.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::load::Load;
use crate::proxy::Proxy;
use crate::server::Server;
use crate::support::Daemon;
use crate::{SECRET, assert_as_in_one_file, settled};

/// What docs/postgres.md promises, from the moment that the new server answers under the old address.
const SERVED_AGAIN_WITHIN: Duration = Duration::from_secs(10);

#[test]
fn a_promoted_standby_has_all_that_was_acknowledged_and_collectors_go_on() {
    let Some(mut primary) = Server::start() else { return };
    let standby = primary.standby();
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql("SELECT pg_reload_conf()");
    let proxy = Proxy::before(primary.port());
    let at = |port: u16| format!("postgres://pointsman@127.0.0.1:{port}/postgres?schema=standby");
    let collectors: Vec<Daemon> =
        (0..2).map(|_| Daemon::start_in(Path::new(&at(proxy.port())), &[], &[SECRET])).collect();
    let to = collectors.iter().map(|one| Some(one.otlp)).collect();
    let requests = Load::on(to, |load| {
        load.wait_for_more();
        primary.stop_at_once();
        standby.sql("SELECT pg_promote()");
        proxy.point_to(standby.port());
        let begin = Instant::now();
        load.wait_for_more();
        let took = begin.elapsed();
        println!("served again after {took:?}");
        assert!(took < SERVED_AGAIN_WITHIN, "{took:?}");
    });
    let address = at(standby.port());
    settled(&address);
    drop(collectors);
    assert_as_in_one_file(&address, &requests);
}
