//! Real s6-rc: what is made for it compiles, starts, and survives whatever s6-rc-update does to a system that runs.
//!
//! No package brings s6-rc, so that these run where PATH has it, and say where it has not. `definitions` and `live::definition`
//! need none.

mod compile;
mod live;
mod static_instances;
