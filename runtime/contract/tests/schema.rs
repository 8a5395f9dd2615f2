//! The schema knows every form of every enum that a manifest is made of. A new variant that is not in the lists here is an error of
//! this file, and one that is not in the schema fails a test.

mod fits;

use fits::{fits, schema};
use serde::Serialize;
use serde_json::{json, to_value};
use weir_contract::formula::Factor;
use weir_contract::host_call::{HostCall, Level, Setting, ViewRead};
use weir_contract::manifest::{Access, Effect, FrameRole, FunctionKind, Promise};
use weir_contract::plan::{PlanExpr, TouchMode};
use weir_contract::receipt::{Class, Count, Joins, Length};
use weir_contract::scratch::{ScratchCode, ScratchTasks};
use weir_contract::slots::SlotKind;
use weir_contract::stream::Keep;
use weir_contract::types::DefKind;
use weir_contract::view::{Aggregate, SourceOf, WindowKind};
use weir_contract::{DefId, Lattice, Type};

/// One value for each variant. The patterns are those of a `match`, so the compiler says when one is missing.
macro_rules! each {
    ($ty:ty: $($value:expr => $pattern:pat),+ $(,)?) => {{
        let known = |value: &$ty| match value {
            $($pattern => {})+
        };
        let all: Vec<$ty> = vec![$($value),+];
        all.iter().for_each(known);
        all
    }};
}

/// At a place of the schema, as a JSON pointer.
fn all_fit<T: Serialize>(at: &str, values: &[T]) {
    let schema = schema();
    let rule = schema.pointer(at);
    let rule = rule.unwrap_or_else(|| panic!("{at} is not in the schema"));
    for value in values {
        let json = to_value(value).expect("it is written as JSON");
        let found = fits(&schema, rule, &json, at);
        assert!(found.is_ok(), "{json} at {at}: {found:?}");
    }
    let nonsense = json!({ "nonsense": 1 });
    assert!(
        fits(&schema, rule, &nonsense, at).is_err(),
        "{at} takes all"
    );
}

fn int() -> Box<Type> {
    Box::new(Type::Int)
}

#[test]
fn host_calls_are_in_the_schema() {
    let view = ViewRead {
        view: 0,
        key: Some(Type::Int),
        row: Type::Int,
    };
    let setting = Setting {
        name: "fee".into(),
        ty: Type::Int,
        has_default: true,
    };
    let calls = each!(HostCall:
        HostCall::Encode(Type::Int) => HostCall::Encode(_),
        HostCall::Pretty(Type::Int) => HostCall::Pretty(_),
        HostCall::Decode(Type::Int) => HostCall::Decode(_),
        HostCall::Log(Level::Info, Type::Unit) => HostCall::Log(..),
        HostCall::Config(setting) => HostCall::Config(_),
        HostCall::Secret("stripe".into()) => HostCall::Secret(_),
        HostCall::Reveal => HostCall::Reveal,
        HostCall::View(view) => HostCall::View(_),
        HostCall::KeepBlob => HostCall::KeepBlob,
        HostCall::ReadBlob => HostCall::ReadBlob,
        HostCall::BlobLines => HostCall::BlobLines,
        HostCall::ScratchParts(Type::Int) => HostCall::ScratchParts(_),
        HostCall::ScratchPart(Type::Int, Type::Int) => HostCall::ScratchPart(..),
        HostCall::ScratchWhole(Type::Int, Type::Int) => HostCall::ScratchWhole(..),
        HostCall::ScratchLost(Type::Int) => HostCall::ScratchLost(_),
    );
    all_fit("/$defs/host_call", &calls);
}

#[test]
fn types_are_in_the_schema() {
    let types = each!(Type:
        Type::Unit => Type::Unit,
        Type::Bool => Type::Bool,
        Type::Int => Type::Int,
        Type::Decimal => Type::Decimal,
        Type::Float => Type::Float,
        Type::Text => Type::Text,
        Type::Bytes => Type::Bytes,
        Type::Time => Type::Time,
        Type::Duration => Type::Duration,
        Type::Date => Type::Date,
        Type::Money => Type::Money,
        Type::List(int()) => Type::List(_),
        Type::Map(int(), int()) => Type::Map(..),
        Type::Set(int()) => Type::Set(_),
        Type::Option(int()) => Type::Option(_),
        Type::Tuple(vec![]) => Type::Tuple(_),
        Type::Named(DefId(0)) => Type::Named(_),
        Type::Result(int(), vec![DefId(0)]) => Type::Result(..),
        Type::Blob => Type::Blob,
    );
    all_fit("/$defs/type", &types);
    let kinds = each!(DefKind:
        DefKind::Record { fields: vec![] } => DefKind::Record { .. },
        DefKind::Enum { variants: vec![] } => DefKind::Enum { .. },
        DefKind::Error { fields: vec![], status: 422 } => DefKind::Error { .. },
        DefKind::New { base: Type::Int } => DefKind::New { .. },
        DefKind::Entity { keys: vec![] } => DefKind::Entity { .. },
    );
    all_fit("/$defs/def_kind", &kinds);
}

#[test]
fn state_is_in_the_schema() {
    let slots = each!(SlotKind:
        SlotKind::Scalar(Type::Int) => SlotKind::Scalar(_),
        SlotKind::Map(Type::Int, Type::Int) => SlotKind::Map(..),
        SlotKind::Set(Type::Int) => SlotKind::Set(_),
        SlotKind::List(Type::Int) => SlotKind::List(_),
    );
    all_fit("/$defs/slot_kind", &slots);
    let lattices = each!(Lattice:
        Lattice::Counter => Lattice::Counter,
        Lattice::MoneySum => Lattice::MoneySum,
        Lattice::Average => Lattice::Average,
        Lattice::MaxOf(Type::Int) => Lattice::MaxOf(_),
        Lattice::MinOf(Type::Int) => Lattice::MinOf(_),
        Lattice::Flag => Lattice::Flag,
        Lattice::Latest(Type::Int) => Lattice::Latest(_),
        Lattice::GrowSet(Type::Int) => Lattice::GrowSet(_),
        Lattice::AddSet(Type::Int) => Lattice::AddSet(_),
        Lattice::MergeMap(Type::Int, Box::new(Lattice::Flag)) => Lattice::MergeMap(..),
        Lattice::Record(vec![]) => Lattice::Record(_),
    );
    all_fit("/$defs/lattice", &lattices);
    let keeps = each!(Keep:
        Keep::Configured => Keep::Configured,
        Keep::For(1) => Keep::For(_),
        Keep::Ever("audit".into()) => Keep::Ever(_),
    );
    all_fit("/$defs/stream/properties/keep", &keeps);
}

#[test]
fn functions_are_in_the_schema() {
    let kinds = each!(FunctionKind:
        FunctionKind::Function => FunctionKind::Function,
        FunctionKind::Handler => FunctionKind::Handler,
        FunctionKind::Run => FunctionKind::Run,
        FunctionKind::Field => FunctionKind::Field,
        FunctionKind::Whole => FunctionKind::Whole,
    );
    all_fit("/$defs/function/properties/kind", &kinds);
    let effects = each!(Effect:
        Effect::Pure => Effect::Pure,
        Effect::Read => Effect::Read,
        Effect::Write => Effect::Write,
        Effect::Wait => Effect::Wait,
    );
    all_fit("/$defs/function/properties/effect", &effects);
    let access = each!(Access:
        Access::Anyone => Access::Anyone,
        Access::Roles(vec!["teller".into()]) => Access::Roles(_),
        Access::Allow => Access::Allow,
        Access::SignedIn => Access::SignedIn,
    );
    all_fit("/$defs/access", &access);
    let roles = each!(FrameRole:
        FrameRole::Resume => FrameRole::Resume,
        FrameRole::Undo => FrameRole::Undo,
        FrameRole::Branch => FrameRole::Branch,
        FrameRole::Mock => FrameRole::Mock,
    );
    all_fit("/$defs/frame/properties/role", &roles);
    let promises = each!(Promise:
        Promise::Pure => Promise::Pure,
        Promise::Read => Promise::Read,
        Promise::Idempotent => Promise::Idempotent,
        Promise::Once => Promise::Once,
    );
    all_fit("/$defs/extern/properties/promise", &promises);
}

#[test]
fn plans_and_receipts_are_in_the_schema() {
    let argument = || PlanExpr::Argument("n".into());
    let expressions = each!(PlanExpr:
        argument() => PlanExpr::Argument(_),
        PlanExpr::Key("id".into()) => PlanExpr::Key(_),
        PlanExpr::Caller => PlanExpr::Caller,
        PlanExpr::Constant("1".into()) => PlanExpr::Constant(_),
        PlanExpr::Member(Box::new(argument()), "x".into()) => PlanExpr::Member(..),
        PlanExpr::Element(Box::new(argument())) => PlanExpr::Element(_),
        PlanExpr::Unknown => PlanExpr::Unknown,
    );
    all_fit("/$defs/plan_expr", &expressions);
    let modes = each!(TouchMode:
        TouchMode::Read => TouchMode::Read,
        TouchMode::Write => TouchMode::Write,
    );
    all_fit("/$defs/touch/properties/mode", &modes);
    let classes = each!(Class:
        Class::Free => Class::Free,
        Class::Read => Class::Read,
        Class::Serial => Class::Serial,
        Class::Transaction => Class::Transaction,
    );
    all_fit("/$defs/receipt/properties/class", &classes);
    let joins = each!(Joins:
        Joins::Add => Joins::Add,
        Joins::Insert => Joins::Insert,
        Joins::Remove => Joins::Remove,
        Joins::FreshKey => Joins::FreshKey,
        Joins::Merge => Joins::Merge,
        Joins::Max => Joins::Max,
        Joins::Min => Joins::Min,
    );
    all_fit("/$defs/commuting/properties/how", &joins);
    let lengths = each!(Length:
        Length::Of(argument()) => Length::Of(_),
        Length::Value(argument()) => Length::Value(_),
        Length::Stored { entity: "Order".into(), key: vec![], path: vec![] } => Length::Stored { .. },
        Length::Instances("Order".into()) => Length::Instances(_),
        Length::Rounds(1) => Length::Rounds(_),
    );
    all_fit("/$defs/length", &lengths);
    let factors = each!(Factor<Length>:
        Factor::Length(Length::Rounds(1)) => Factor::Length(_),
        Factor::Max(vec![Count::number(1)]) => Factor::Max(_),
        Factor::Share(Box::new(Count::number(1)), 65) => Factor::Share(..),
        Factor::Unbounded => Factor::Unbounded,
    );
    all_fit("/$defs/factor", &factors);
}

#[test]
fn views_and_temporary_data_are_in_the_schema() {
    let sources = each!(SourceOf:
        SourceOf::Stream(0) => SourceOf::Stream(_),
        SourceOf::Entity(0) => SourceOf::Entity(_),
        SourceOf::View(0) => SourceOf::View(_),
    );
    all_fit(
        "/$defs/view/properties/sources/items/properties/of",
        &sources,
    );
    let windows = each!(WindowKind:
        WindowKind::Fixed { size_us: 1 } => WindowKind::Fixed { .. },
        WindowKind::Session { gap_us: 1 } => WindowKind::Session { .. },
    );
    all_fit(
        "/$defs/view/properties/group/properties/window/properties/kind",
        &windows,
    );
    let aggregates = each!(Aggregate:
        Aggregate::Count => Aggregate::Count,
        Aggregate::Sum(Type::Int) => Aggregate::Sum(_),
        Aggregate::Min(Type::Int) => Aggregate::Min(_),
        Aggregate::Max(Type::Int) => Aggregate::Max(_),
        Aggregate::Distinct(Type::Int) => Aggregate::Distinct(_),
        Aggregate::Values(Type::Int) => Aggregate::Values(_),
    );
    all_fit("/$defs/aggregate", &aggregates);
    let tasks = ScratchTasks {
        source: Some(1),
        item: Type::Int,
        each: 2,
        row: Type::Int,
        finish: Some(3),
        key: Some(Type::Int),
    };
    let codes = each!(ScratchCode:
        ScratchCode::Whole(1) => ScratchCode::Whole(_),
        ScratchCode::Tasks(tasks) => ScratchCode::Tasks(_),
    );
    all_fit("/$defs/scratch_code", &codes);
}
