//! The example app of this repository, whole: every handler and every call site, as a person finds them by reading it.

use std::collections::BTreeSet;
use std::path::Path;

use pointsman_source::{Limits, Wanted, link};
use pointsman_store::{Definition, Usage};

use super::{definitions, sites, unresolved};

const HANDLERS: [&str; 31] = [
    "GET /api/assistant app/api/assistant/route.ts:7",
    "GET /api/auth/callback app/api/auth/callback/route.ts:6",
    "POST /api/cart app/api/cart/route.ts:8",
    "GET /api/catalog app/api/catalog/route.ts:5",
    "GET /api/categories app/api/categories/route.ts:7",
    "OPTIONS /api/embed/vote app/api/embed/vote/route.ts:8",
    "POST /api/embed/vote app/api/embed/vote/route.ts:15",
    "GET /api/export app/api/export/route.ts:6",
    "GET /api/health app/api/health/route.ts:5",
    "POST /api/orders app/api/orders/route.ts:8",
    "GET /api/price app/api/price/route.ts:5",
    "GET /api/products app/api/products/route.ts:6",
    "POST /api/returns/[id] app/api/returns/[id]/route.ts:5",
    "GET /api/search app/api/search/route.ts:8",
    "GET /api/shipping app/api/shipping/route.ts:5",
    "GET /api/stats app/api/stats/route.ts:4",
    "GET /api/stock app/api/stock/route.ts:5",
    "POST /api/webhooks/stripe app/api/webhooks/stripe/route.ts:5",
    "* /api/legacy/contact pages/api/legacy/contact.ts:6",
    "actions/addReview.ts#addReview actions/addReview.ts:8",
    "actions/addToCart.ts#addToCart actions/addToCart.ts:11",
    "actions/getNotifications.ts#getNotifications actions/getNotifications.ts:8",
    "actions/getOrderStatus.ts#getOrderStatus actions/getOrderStatus.ts:8",
    "actions/getPrice.ts#getPrice actions/getPrice.ts:8",
    "actions/getProfile.ts#getProfile actions/getProfile.ts:9",
    "actions/getRecommendations.ts#getRecommendations actions/getRecommendations.ts:8",
    "actions/getShipping.ts#getShipping actions/getShipping.ts:7",
    "actions/getStock.ts#getStock actions/getStock.ts:7",
    "actions/removeItem.ts#removeItem actions/removeItem.ts:9",
    "actions/subscribe.ts#subscribe actions/subscribe.ts:8",
    "actions/toggleFavorite.ts#toggleFavorite actions/toggleFavorite.ts:10",
];

const SITES: [&str; 27] = [
    "* /api/legacy/contact < components/ContactForm.tsx:10 fetch client",
    "GET /api/assistant < components/Assistant.tsx:14 event_source client",
    "GET /api/auth/callback < app/login/page.tsx:14 link server",
    "GET /api/catalog < components/PriceList.tsx:16 fetch client",
    "GET /api/categories < components/CategoryStrip.tsx:10 fetch client",
    "GET /api/export < app/catalog/page.tsx:9 link server",
    "GET /api/price < components/Comparison.tsx:72 fetch client",
    "GET /api/products < components/ProductList.tsx:14 fetch client",
    "GET /api/search < components/SearchBox.tsx:23 fetch client",
    "GET /api/shipping < components/Comparison.tsx:72 fetch client",
    "GET /api/stats < app/stats/page.tsx:9 fetch server",
    "GET /api/stock < components/Comparison.tsx:72 fetch client",
    "POST /api/cart < components/AddToCart.tsx:34 fetch client refreshes",
    "POST /api/orders < components/CartActions.tsx:15 fetch client refreshes",
    "POST /api/returns/[id] < components/ReturnStatus.tsx:10 fetch client",
    "actions/addReview.ts#addReview < app/product/[id]/page.tsx:48 form server",
    "actions/addToCart.ts#addToCart < components/AddToCart.tsx:13 call client refreshes",
    "actions/getNotifications.ts#getNotifications < components/DashboardPanels.tsx:13 call client",
    "actions/getOrderStatus.ts#getOrderStatus < components/OrderTicker.tsx:16 call client",
    "actions/getPrice.ts#getPrice < components/Comparison.tsx:14 passed client",
    "actions/getProfile.ts#getProfile < components/DashboardPanels.tsx:13 call client",
    "actions/getRecommendations.ts#getRecommendations < components/DashboardPanels.tsx:13 call client",
    "actions/getShipping.ts#getShipping < components/Comparison.tsx:14 passed client",
    "actions/getStock.ts#getStock < components/Comparison.tsx:14 passed client",
    "actions/removeItem.ts#removeItem < components/CartActions.tsx:26 call client",
    "actions/subscribe.ts#subscribe < app/newsletter/page.tsx:12 form server",
    "actions/toggleFavorite.ts#toggleFavorite < components/FavoriteButton.tsx:9 call client refreshes",
];

#[test]
fn every_handler_and_every_call_site_of_the_storefront_is_found() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/storefront");
    let source = link(&folder, &Wanted::default(), &Limits::default()).unwrap();
    let found: BTreeSet<String> = definitions(&source).into_iter().collect();
    assert_eq!(found, HANDLERS.map(str::to_owned).into());
    assert_eq!(sites(&source), SITES);
    assert_eq!(unresolved(&source), Vec::<String>::new());
    let used = |one: &Definition| one.usage.is_none_or(|usage| usage == Usage::Action);
    assert!(source.handlers.iter().all(used));
    let contact = source.handlers.iter().find(|one| one.place.file == "pages/api/legacy/contact.ts").unwrap();
    assert_eq!(contact.compares_methods, ["POST"]);
}
