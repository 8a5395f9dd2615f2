//! Views as JSON, for administration: how big they are, how far behind, and what is in them now.

use serde_json::{Value as Json, json};
use weir_contract::encode::decode;
use weir_contract::json::to_json;
use weir_contract::view::SourceOf;

use super::aggregate::not_a_value;
use crate::machine::{BadRecord, Machine};

impl Machine {
    /// Each view: its name, what it is made of, how many rows it has, how many rows of its sources are still to be fed to it and how
    /// many there are, how many entries were too late for it, the rows that are shown until it is built, with their position in the
    /// log, and the bug that it stopped at.
    pub fn views_json(&self) -> Vec<Json> {
        let Some(program) = &self.program else {
            return Vec::new();
        };
        let source = |of: SourceOf| match of {
            SourceOf::Stream(n) => &program.streams[n as usize].name,
            SourceOf::Entity(n) => &program.entities[n as usize].name,
            SourceOf::View(n) => &program.views[n as usize].name,
        };
        let views = program.views.iter().zip(0..);
        views
            .map(|(view, number)| {
                let of: Vec<&String> = view.sources.iter().map(|s| source(s.of)).collect();
                let mut json = json!({
                    "view": view.name,
                    "of": of,
                    "rows": self.views.len(number),
                    "behind": self.view_behind(number),
                    "whole": self.view_whole(number),
                    "late": self.views.late(number),
                });
                if let Some(before) = self.views.before(number)
                    && self.is_building(number)
                {
                    json["before"] =
                        json!({ "rows": before.rows.len(), "position": before.position });
                }
                if let Some(crash) = self.views.broken(number) {
                    json["bug"] = json!(crash.reason.text());
                }
                json
            })
            .collect()
    }

    /// The rows that a view has now, whether it is up to date or not; `None` when there is no such view.
    pub fn view_rows_json(&self, name: &str, limit: usize) -> Result<Option<Vec<Json>>, BadRecord> {
        let Some(program) = &self.program else {
            return Ok(None);
        };
        let Some(number) = program.views.iter().position(|view| view.name == name) else {
            return Ok(None);
        };
        let ty = &program.views[number].row;
        let rows = self.views.rows(number as u32).take(limit).map(|row| {
            let row = decode(&program.defs, ty, row);
            let row = row.map_err(|_| BadRecord(not_a_value().detail))?;
            Ok(to_json(&program.defs, ty, &row))
        });
        rows.collect::<Result<_, BadRecord>>().map(Some)
    }
}
