//! Role bindings that a controller makes and takes away. The server says by which binding it lets a request
//! pass; what it refuses, it refuses without a word on bindings.

use std::io;

use super::{Elevation, Judged, World, judged};
use crate::company::CLUSTERS;
use crate::rbac::{self, Binding, Event};
use crate::sink::Log;

/// What becomes of a binding, by turns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// Annotated with an end, and left in place after it.
    LeftBehind,
    /// Made and taken away.
    Pair,
    /// Made, and never taken away.
    Standing,
    /// Nobody made one.
    Never,
    /// Of the whole cluster, and never taken away.
    WholeCluster,
}

const COURSES: [Course; 5] = [Course::LeftBehind, Course::Pair, Course::Standing, Course::Never, Course::WholeCluster];
const NAMESPACES: [&str; 3] = ["billing", "payroll", "customs"];
const WINDOW_S: f64 = 240.0;

impl World<'_> {
    pub(super) fn binding(&mut self, e: &mut Elevation, step: u32) -> io::Result<Option<f64>> {
        let course = COURSES.get(e.number % COURSES.len()).copied().unwrap_or(Course::Pair);
        let [here, elsewhere] =
            [0, 1].map(|next| NAMESPACES.get((e.number + next) % NAMESPACES.len()).copied().unwrap_or_default());
        let namespace = if course == Course::WholeCluster { "" } else { here };
        if step == 0 {
            e.user = format!("oidc:{}", e.user);
            e.grant = format!("oncall-{}", e.grant.get(..8).unwrap_or_default());
            e.target = "edit".to_owned();
        }
        let ends = |world: &Self| world.time(0, (WINDOW_S * 1e6).min(e.ends_us - world.now_us));
        let expires = if course == Course::LeftBehind && step == 0 { ends(self) } else { String::new() };
        let (name, user) = (e.grant.clone(), e.user.clone());
        let binding = Binding { name: &name, namespace, role: "edit", user: &user, expires: &expires };
        let gap = 20.0 + self.random.wait(20.0).min(60.0);
        match (step, course) {
            (0, Course::Never) => e.step = 3,
            (0, _) => {
                self.in_force(e, (course == Course::LeftBehind).then_some(WINDOW_S));
                self.bind(e, &binding, true)?;
            }
            (1, _) => self.read_secret(e, here, Some(&binding), judged("PROVED", "L1"))?,
            // Another namespace: the server refuses, and the binding that was made is for this one alone.
            (2, Course::WholeCluster) => {}
            (2, _) => self.read_secret(e, elsewhere, None, judged("OVER_SCOPE", "L3"))?,
            (3, Course::LeftBehind) => return Ok(Some((e.ends_us - self.now_us) / 1e6 + 30.0)),
            (3, Course::Pair) => {
                e.ends_us = self.now_us;
                self.bind(e, &binding, false)?;
            }
            (3, Course::Never) => self.read_secret(e, here, None, judged("NO_GRANT", ""))?,
            // The annotation binds nobody but the controller.
            (4, Course::LeftBehind) => {
                self.read_secret(e, here, Some(&binding), judged("OUTSIDE_WINDOW", "L1"))?;
            }
            (4, Course::Pair) => self.read_secret(e, here, None, judged("OUTSIDE_WINDOW", "L3"))?,
            _ => return Ok(None),
        }
        Ok(Some(gap))
    }

    fn bind(&mut self, e: &Elevation, binding: &Binding<'_>, makes: bool) -> io::Result<()> {
        let (id, time) = (self.random.uuid(), self.time(6, 0.0));
        let event = |begun| Event { id: &id, time: &time, ip: "10.20.0.14", begun };
        // A cluster whose policy does not omit it logs the request as it comes in, too.
        if e.number.is_multiple_of(2) {
            self.emit(cluster(e), &rbac::change(&event(true), binding, makes), false)?;
        }
        self.emit(cluster(e), &rbac::change(&event(false), binding, makes), false)
    }

    fn read_secret(
        &mut self,
        e: &mut Elevation,
        namespace: &str,
        by: Option<&Binding<'_>>,
        judged: Judged,
    ) -> io::Result<()> {
        let (id, time, ip) = (self.random.uuid(), self.time(6, 0.0), self.random.private_ip());
        let reason = by.map(Binding::reason);
        let event = Event { id: &id, time: &time, ip: &ip, begun: false };
        let record = rbac::read_secret(&event, &e.user, namespace, "stripe-api", reason.as_deref());
        self.emit(cluster(e), &record, reason.is_none())?;
        self.note_use(e, "k8s", &id, judged);
        Ok(())
    }
}

fn cluster(e: &Elevation) -> Log {
    Log::Kubernetes(e.number % CLUSTERS.len())
}
