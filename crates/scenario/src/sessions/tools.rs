//! An agent that calls the tools of a server, through a gateway that logs both directions.

use std::io;

use super::identity::{ISSUER, agent};
use super::{DENIED_PERCENT, Session, World, used};
use crate::mcp;
use crate::sink::Log;

const SERVER: &str = "https://mcp.halden.example/shipping";
const TOOLS: [&str; 4] = ["read_manifest", "list_shipments", "find_route", "quote_price"];
/// From a message to its answer, and from there to what the client says next, microseconds.
const ANSWER_US: f64 = 41_500.0;
const NEXT_US: f64 = 60_000.0;

impl World<'_> {
    /// The session begins, with three messages.
    pub(super) fn open_tools(&mut self, session: &mut Session) -> io::Result<()> {
        let times = [0.0, ANSWER_US, NEXT_US].map(|later| self.time(3, later));
        let agent = agent(session);
        let Some(told) = self.checked(session, &agent) else { return Ok(()) };
        let records = [
            mcp::request(&told, &times[0], &mcp::initialize(1)),
            mcp::response(&told, &times[1], "initialize", &mcp::initialized(1)),
            mcp::request(&told, &times[2], mcp::READY),
        ];
        self.log_messages(session, &records, 1, false)
    }

    /// A call of a tool and what came of it: two records with one id.
    pub(super) fn call_tool(&mut self, session: &mut Session) -> io::Result<()> {
        let (span, denied) = (self.random.hex(16), self.random.percent(DENIED_PERCENT));
        let tool = *self.random.pick(&TOOLS);
        let id = 1 + session.minted.as_ref().map_or(0, |minted| minted.uses);
        let times = [0.0, ANSWER_US].map(|later| self.time(3, later));
        let agent = agent(session);
        let Some(told) = self.checked(session, &agent) else { return Ok(()) };
        let records = [
            mcp::request(&told, &times[0], &mcp::call(id, tool, &session.kept[2], &span)),
            mcp::response(&told, &times[1], "tools/call", &mcp::answer(id, denied)),
        ];
        self.log_messages(session, &records, id, denied)
    }

    /// What the gateway reads off the token: Okta puts the login of a person into `sub`.
    fn checked<'w>(&'w self, session: &'w Session, client: &'w str) -> Option<mcp::Session<'w>> {
        let person = self.company.people.get(session.who)?;
        let [token, id, _] = &session.kept;
        Some(mcp::Session { id, server: SERVER, issuer: ISSUER, token, client, subject: &person.mail, ip: &session.ip })
    }

    fn log_messages(&mut self, session: &mut Session, records: &[String], id: u64, denied: bool) -> io::Result<()> {
        for record in records {
            self.emit(Log::Mcp, record, denied)?;
        }
        // The protocol numbers messages within a session.
        let id = format!("{}:{id}", session.kept[1]);
        used(session, &id);
        self.refused(session, "mcp", &id, denied)
    }
}
