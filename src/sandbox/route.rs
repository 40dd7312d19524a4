//! Which service a request is for: one port serves all.

use super::query::Query;
use super::request_context::{Noted, RequestContext};
use super::service::Service;
use super::{Incoming, Outgoing, Services};
use crate::domain::Moment;
use crate::provider::Method;

/// Whether a request asks for nothing: it only sees who is there, as `doctor` does.
fn is_knock(incoming: &Incoming) -> bool {
    incoming.method == Method::Get
        && incoming.path == "/"
        && incoming.query.is_empty()
        && incoming.body.is_empty()
}

impl Services {
    /// Answers a request that arrives at `now`.
    pub(super) fn answer(&mut self, incoming: &Incoming, now: Moment) -> Outgoing {
        if is_knock(incoming) {
            return Outgoing::page(404, "nothing here");
        }
        let Some((place, path)) = route(&self.all, incoming) else {
            self.ledger.broke(format!("A request at {now} is for none of the providers."));
            return Outgoing::page(404, "Not Found");
        };
        self.requests = self.requests.saturating_add(1);
        let Some(service) = self.all.get_mut(place) else {
            return Outgoing::page(404, "Not Found");
        };
        let mut context = RequestContext {
            provider: service.name(),
            incoming,
            path,
            now,
            number: self.requests,
            settings: &self.settings,
            ledger: &mut self.ledger,
            arrivals: &mut self.arrivals,
            noted: Noted::default(),
        };
        let outgoing = service.answer(&mut context);
        context.end();
        outgoing
    }

    /// The answer with which the provider of a request says that calls come too fast.
    pub(super) fn throttled(&self, incoming: &Incoming, now: Moment) -> Outgoing {
        let service = route(&self.all, incoming).and_then(|(place, _)| self.all.get(place));
        match service {
            Some(service) => service.throttled(incoming, now),
            None => Outgoing::page(429, "Too Many Requests"),
        }
    }
}

/// The place of a request's service, and the path below the service's own segment if it has one.
fn route<'i>(all: &[Box<dyn Service>], incoming: &'i Incoming) -> Option<(usize, &'i str)> {
    let path = incoming.path.as_str();
    for (place, service) in all.iter().enumerate() {
        let rest = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(service.name()));
        match rest {
            Some("") => return Some((place, "/")),
            Some(rest) if rest.starts_with('/') => return Some((place, rest)),
            Some(_) | None => {}
        }
    }
    let query = Query::parse(&incoming.query);
    let place = all.iter().position(|service| service.claims(path, &query))?;
    Some((place, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::service::all;
    use crate::sandbox::trial::bare;

    #[test]
    fn one_port_serves_all() {
        for (path, query, expected) in [
            ("/", "Action=KickoutUser&AppId=1", Some(("zego", "/"))),
            ("/zego/", "AppId=1", Some(("zego", "/"))),
            ("/zego", "", Some(("zego", "/"))),
            ("/v4/live_engine_http_srv/ban_member", "", {
                Some(("tencent", "/v4/live_engine_http_srv/ban_member"))
            }),
            ("/tencent/v4/x", "", Some(("tencent", "/v4/x"))),
            ("/", "Action=X&Version=2023-08-01", Some(("volcengine", "/"))),
            ("/volcengine/", "", Some(("volcengine", "/"))),
            ("/dev/v1/kicking-rule", "", Some(("agora", "/dev/v1/kicking-rule"))),
            ("/agora/dev/v1/kicking-rule", "", Some(("agora", "/dev/v1/kicking-rule"))),
            ("/agorax", "", None),
            ("/", "", None),
        ] {
            let (incoming, all) = (bare(Method::Get, path, query), all());
            let found = route(&all, &incoming).map(|(place, path)| (all[place].name(), path));
            assert_eq!(found, expected, "{path}?{query}");
        }
    }

    #[test]
    fn each_provider_says_in_its_own_way_that_calls_come_too_fast() {
        let services = Services::new();
        for (path, query, status, words) in [
            ("/zego", "Action=KickoutUser", 200, r#""Code":206"#),
            ("/zego", "Action=ForbidRTCStreams", 200, r#""Code":30002"#),
            ("/tencent", "", 200, r#""ErrorCode":60007"#),
            ("/volcengine", "", 429, "AccountFlowLimitExceeded"),
            ("/agora", "", 429, "too many requests"),
        ] {
            let now = Moment::from_seconds(0);
            let outgoing = services.throttled(&bare(Method::Get, path, query), now);
            assert_eq!(outgoing.status, status);
            assert!(String::from_utf8(outgoing.body).unwrap().contains(words), "{path} {query}");
        }
    }
}
