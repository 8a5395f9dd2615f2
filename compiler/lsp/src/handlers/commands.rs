//! Commands: what an editor shows in a panel of its own. Each takes the place of a function, as `textDocument/definition` does.
//!
//! ```text
//! weir.stepGraph   {textDocument, position} -> {function, text, dot, nodes: [{label, role, waitsFor, keeps, range}],
//!                                               edges: [{from, to, how}]}
//! weir.accessPlan  {textDocument, position} -> {function, touches: [..], class, costs, receipt}
//! ```

use gen_lsp_types::{ErrorCodes, ExecuteCommandParams, LspErrorCodes, TextDocumentPositionParams};
use serde_json::{Value, json};
use weir_ide::{At, Snapshot};

use super::{Context, Refusal};

pub const COMMANDS: [&str; 2] = ["weir.stepGraph", "weir.accessPlan"];

pub fn execute(cx: &mut Context, params: ExecuteCommandParams) -> Result<Option<Value>, Refusal> {
    let run = match params.command.as_str() {
        "weir.stepGraph" => step_graph,
        "weir.accessPlan" => access_plan,
        other => {
            let known = COMMANDS.join(" and ");
            return Err(Refusal::because(
                ErrorCodes::InvalidParams,
                format!("there is no command `{other}`: there are {known}"),
            ));
        }
    };
    let given = params.arguments.unwrap_or_default().into_iter().next();
    let place =
        given.and_then(|given| serde_json::from_value::<TextDocumentPositionParams>(given).ok());
    let Some(place) = place else {
        return Err(Refusal::because(
            ErrorCodes::InvalidParams,
            format!(
                "`{}` wants the place of a function: {{textDocument, position}}",
                params.command
            ),
        ));
    };
    let (snapshot, at) = cx.open_at(&place)?;
    let answer = run(cx, &snapshot, at);
    answer.map(Some).map_err(|message| Refusal {
        code: LspErrorCodes::RequestFailed.into(),
        message,
    })
}

fn step_graph(cx: &Context, snapshot: &Snapshot, at: At) -> Result<Value, String> {
    let graph = weir_ide::step_graph(snapshot, at)?;
    let nodes = graph.steps.iter().map(|step| {
        json!({
            "label": step.label,
            "role": step.role,
            "waitsFor": step.waits_for,
            "keeps": step.keeps,
            "uri": cx.uri_of_file(snapshot, step.place.file),
            "range": cx.range(snapshot, step.place),
        })
    });
    let nodes: Vec<Value> = nodes.collect();
    let edges = graph.ways.iter();
    let edges: Vec<Value> = edges
        .map(|way| json!({ "from": way.from, "to": way.to, "how": way.how }))
        .collect();
    Ok(json!({
        "function": graph.function,
        "text": graph.text(),
        "dot": graph.dot(),
        "nodes": nodes,
        "edges": edges,
    }))
}

fn access_plan(_: &Context, snapshot: &Snapshot, at: At) -> Result<Value, String> {
    let plan = weir_ide::access_plan(snapshot, at)?;
    Ok(json!({
        "function": plan.function,
        "touches": plan.touches,
        "class": plan.class,
        "costs": plan.costs,
        "receipt": plan.receipt,
    }))
}
