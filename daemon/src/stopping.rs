//! How tasks learn that the daemon stops. When it stops is the business of `commands::serve`.

use tokio::sync::watch;

/// Ends when the daemon is told to stop.
pub(crate) fn until(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stopped = stopped.clone();
    async move {
        // An error means that the sender is gone: then it is time to stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}
