//! Which service a request is for: one port serves all four.

use super::query::Query;
use super::visit::{Noted, Visit};
use super::{Incoming, Outgoing, Services};
use crate::domain::Moment;
use crate::provider::Method;

/// The four services.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Service {
    Zego,
    Tencent,
    Volcengine,
    Agora,
}

impl Service {
    const ALL: [Self; 4] = [Self::Zego, Self::Tencent, Self::Volcengine, Self::Agora];

    const fn name(self) -> &'static str {
        match self {
            Self::Zego => "zego",
            Self::Tencent => "tencent",
            Self::Volcengine => "volcengine",
            Self::Agora => "agora",
        }
    }
}

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
        let Some((service, path)) = route(incoming) else {
            self.ledger.broke(format!("A request at {now} is for none of the four providers."));
            return Outgoing::page(404, "Not Found");
        };
        self.requests = self.requests.saturating_add(1);
        let mut visit = Visit {
            provider: service.name(),
            incoming,
            path,
            now,
            number: self.requests,
            settings: &self.settings,
            ledger: &mut self.ledger,
            pace: &mut self.pace,
            noted: Noted::default(),
        };
        let outgoing = match service {
            Service::Zego => self.zego.answer(&mut visit),
            Service::Tencent => self.tencent.answer(&mut visit),
            Service::Volcengine => self.volcengine.answer(&mut visit),
            Service::Agora => self.agora.answer(&mut visit),
        };
        visit.end();
        outgoing
    }
}

/// The answer with which the provider of a request says that calls come too fast.
pub(super) fn throttled(incoming: &Incoming, now: Moment) -> Outgoing {
    match route(incoming).map(|(service, _)| service) {
        Some(Service::Zego) => super::zego::throttled(incoming),
        Some(Service::Tencent) => super::tencent::throttled(),
        Some(Service::Volcengine) => super::volcengine::throttled(incoming, now),
        Some(Service::Agora) => super::agora::throttled(),
        None => Outgoing::page(429, "Too Many Requests"),
    }
}

/// The service of a request, and the path below the service's own segment if it has one.
fn route(incoming: &Incoming) -> Option<(Service, &str)> {
    let path = incoming.path.as_str();
    for service in Service::ALL {
        let rest = path.strip_prefix('/').and_then(|rest| rest.strip_prefix(service.name()));
        match rest {
            Some("") => return Some((service, "/")),
            Some(rest) if rest.starts_with('/') => return Some((service, rest)),
            Some(_) | None => {}
        }
    }
    let query = Query::parse(&incoming.query);
    let service = if path == "/dev/v1/kicking-rule" {
        Service::Agora
    } else if path.starts_with("/v4/") {
        Service::Tencent
    } else if query.one("Version").is_some() {
        Service::Volcengine
    } else if query.one("Action").is_some() || query.one("AppId").is_some() {
        Service::Zego
    } else {
        return None;
    };
    Some((service, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::{Method, REGISTRY};
    use crate::sandbox::trial::bare;

    #[test]
    fn one_port_serves_all_four() {
        for (path, query, expected) in [
            ("/", "Action=KickoutUser&AppId=1", Some((Service::Zego, "/"))),
            ("/zego/", "AppId=1", Some((Service::Zego, "/"))),
            ("/zego", "", Some((Service::Zego, "/"))),
            ("/v4/live_engine_http_srv/ban_member", "", {
                Some((Service::Tencent, "/v4/live_engine_http_srv/ban_member"))
            }),
            ("/tencent/v4/x", "", Some((Service::Tencent, "/v4/x"))),
            ("/", "Action=X&Version=2023-08-01", Some((Service::Volcengine, "/"))),
            ("/volcengine/", "", Some((Service::Volcengine, "/"))),
            ("/dev/v1/kicking-rule", "", Some((Service::Agora, "/dev/v1/kicking-rule"))),
            ("/agora/dev/v1/kicking-rule", "", Some((Service::Agora, "/dev/v1/kicking-rule"))),
            ("/agorax", "", None),
            ("/", "", None),
        ] {
            let incoming = bare(Method::Get, path, query);
            assert_eq!(route(&incoming), expected, "{path}?{query}");
        }
    }

    #[test]
    fn every_provider_has_a_service() {
        let mut services = Service::ALL.map(Service::name);
        services.sort_unstable();
        assert_eq!(services, REGISTRY.map(|provider| provider.facts().name));
    }

    #[test]
    fn each_provider_says_in_its_own_way_that_calls_come_too_fast() {
        for (path, query, status, words) in [
            ("/zego", "Action=KickoutUser", 200, r#""Code":206"#),
            ("/zego", "Action=ForbidRTCStreams", 200, r#""Code":30002"#),
            ("/tencent", "", 200, r#""ErrorCode":60007"#),
            ("/volcengine", "", 429, "AccountFlowLimitExceeded"),
            ("/agora", "", 429, "too many requests"),
        ] {
            let outgoing = throttled(&bare(Method::Get, path, query), Moment::from_seconds(0));
            assert_eq!(outgoing.status, status);
            assert!(String::from_utf8(outgoing.body).unwrap().contains(words), "{path} {query}");
        }
    }
}
