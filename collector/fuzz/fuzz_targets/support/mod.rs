//! What holds of every request, whatever it was before.

use pointsman_collector::admit::{Limits, Secret, admit};
use pointsman_collector::extract;
use pointsman_collector::trace::Assembly;

/// 2026-11-01T00:00:00Z.
const NOW_NS: u64 = 1_793_491_200_000_000_000;

/// Brings a request through the door and to its Calls; whether it could be read.
pub fn admitted_and_extracted(otlp: &[u8]) -> bool {
    let secret = Secret::new("fuzz");
    let admit = |otlp: &[u8]| admit(otlp, NOW_NS, &Limits::default(), &secret);
    let Ok(once) = admit(otlp) else { return false };
    let twice = admit(&once.otlp).expect("what passed is a request");
    assert!(twice.refused.is_empty(), "what passed is refused: {:?}", twice.refused);
    assert!(twice.otlp == once.otlp, "what passed changes when it passes again");
    let mut assembly = Assembly::new(1_000);
    assembly.add(&once.otlp).expect("what passed can be put together");
    for trace in assembly.finish() {
        assert_eq!(trace.parents_first().len(), trace.nodes.len());
        for call in extract::calls(&trace).calls {
            assert!(trace.nodes.iter().any(|node| node.id == call.span && node.has_ended()));
        }
    }
    true
}
