//! Whatever a crash leaves, the next run completes it, each record once (I-1, I-2).

use crate::sandbox::{Files, Sandbox, ndjson};
use serde_json::Value;
use std::fs;

/// Batches of one document each, with a child table, rejects, and columns that appear late.
fn write_input(sandbox: &Sandbox) {
    let lines = ndjson(0..120, |n| match n % 10 {
        0 => format!(r#"{{"id":{n},"late_{}":"x"}}"#, n / 40),
        1 => "broken".to_owned(),
        _ => format!(r#"{{"id":{n},"items":[{{"count":{n}}}]}}"#),
    });
    sandbox.write("a.ndjson", lines);
}

const COMMAND: &str =
    "normalize --table t --threads 1 --batch-size 1KB --received-at 2024-11-20 a.ndjson";

/// A lake's files in the order in which one writer creates them.
fn in_order_of_writing(files: &Files) -> Vec<String> {
    let mut plans: Vec<(&String, Value)> = files
        .iter()
        .filter(|(path, _)| path.starts_with("_plans/"))
        .map(|(path, bytes)| (path, serde_json::from_slice(bytes).expect("a plan")))
        .collect();
    plans.sort_by_key(|(_, plan)| plan["documents"][0]["offset"].as_u64());
    let mut order = Vec::new();
    for (path, plan) in plans {
        if plan["version"] != plan["base_version"] {
            order.push(format!("_registry/t/g1/{}.json", plan["version"]));
        }
        order.push(path.clone());
        for part in plan["parts"].as_array().expect("parts") {
            order.push(part["key"].as_str().expect("a key").to_owned());
        }
    }
    assert_eq!(order.len(), files.len(), "every file is planned");
    order
}

fn without_plans(mut files: Files) -> Files {
    files.retain(|path, _| !path.starts_with("_plans/"));
    files
}

#[test]
fn a_run_killed_between_any_two_writes_is_completed_by_the_next() {
    let sandbox = Sandbox::new();
    write_input(&sandbox);
    sandbox.run(&format!("{COMMAND} --out whole")).ok();
    let whole = sandbox.files("whole");
    let order = in_order_of_writing(&whole);
    assert!(order.len() > 10, "{order:?}");

    for written in 0..order.len() {
        let lake = format!("killed-{written}");
        for path in &order[..written] {
            sandbox.write(&format!("{lake}/{path}"), &whole[path]);
        }
        // What the kill interrupted lies there half-written under its temporary name.
        let (folder, name) = order[written].rsplit_once('/').expect("a path");
        sandbox.write(&format!("{lake}/{folder}/.{name}.tmp"), "half");

        sandbox.run(&format!("{COMMAND} --out {lake}")).ok();
        let completed = sandbox.files(&lake);
        // A plan may name a newer base: a registry version whose batch was not planned stays.
        assert_eq!(completed.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>());
        assert_eq!(without_plans(completed), without_plans(whole.clone()), "{}", order[written]);
    }
}

#[test]
fn a_missing_or_damaged_part_is_restored_byte_by_byte() {
    let sandbox = Sandbox::new();
    write_input(&sandbox);
    let command = "normalize --table t --out lake --batch-size 1KB a.ndjson";
    sandbox.run(command).ok();
    let files = sandbox.files("lake");
    let keys: Vec<_> = sandbox.parts("lake").into_keys().collect();
    fs::remove_file(sandbox.path("lake").join(&keys[0])).expect("remove");
    sandbox.write(&format!("lake/{}", keys[1]), "too short");

    // Another time and another number of threads change nothing: the plan rules.
    let again = sandbox.run(&format!("{command} --received-at 1999-01-01 --threads 3")).ok();
    assert!(again.contains(" of an interrupted run finished\n"), "{again}");
    assert_eq!(sandbox.files("lake"), files);
}

#[test]
fn an_interrupted_batch_is_finished_among_other_inputs_in_another_order() {
    let sandbox = Sandbox::new();
    for (name, number) in [("a.json", 1), ("b.json", 2), ("c.json", 3)] {
        sandbox.write(name, format!(r#"{{"n":{number}}}"#));
    }
    sandbox.run("normalize --table t --out lake a.json b.json").ok();
    let parts = sandbox.parts("lake");
    let (key, _) = parts.first_key_value().expect("one part");
    fs::remove_file(sandbox.path("lake").join(key)).expect("remove");

    let summary =
        sandbox.run("normalize --table t --out lake --format json c.json b.json a.json").json();
    let states: Vec<_> = summary["batches"]
        .as_array()
        .expect("batches")
        .iter()
        .map(|batch| (batch["state"].as_str(), batch["documents"].as_u64()))
        .collect();
    assert_eq!(states, [(Some("finished"), Some(2)), (Some("written"), Some(1))]);
    let restored = sandbox.parts("lake");
    assert_eq!(restored.len(), 2);
    assert_eq!(restored[key], parts[key]);
}

#[test]
fn an_interrupted_batch_is_never_forgotten() {
    let sandbox = Sandbox::new();
    for name in ["a.json", "b.json", "c.json"] {
        sandbox.write(name, format!(r#"{{"name":"{name}"}}"#));
    }
    sandbox.run("normalize --table t --out lake a.json b.json").ok();
    let parts = sandbox.parts("lake");
    let (key, _) = parts.first_key_value().expect("one part");
    fs::remove_file(sandbox.path("lake").join(key)).expect("remove");

    // None of its inputs: the run is fine, and says what is left to do.
    let other = sandbox.run("normalize --table t --out lake c.json").ok();
    assert!(other.contains("is unfinished; its inputs, to give again:\n  a.json, b.json\n"));

    // Some of its inputs: they cannot be brought in, so the run fails.
    let said = sandbox.run("normalize --table t --out lake b.json").failed(1);
    assert!(said.contains("was planned by an earlier run and lacks documents of a.json"), "{said}");

    sandbox.run("normalize --table t --out lake a.json b.json").ok();
    assert_eq!(sandbox.parts("lake")[key], parts[key]);
}

#[test]
fn a_batch_that_comes_out_otherwise_is_not_written() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", r#"{"a":1}"#);
    sandbox.write("other.yaml", "tables: {}\n");
    sandbox.run("normalize --table t --out lake a.json").ok();
    let (key, _) = sandbox.parts("lake").pop_first().expect("one part");
    fs::remove_file(sandbox.path("lake").join(&key)).expect("remove");

    // As another build would have planned it.
    let (path, plan) = sandbox.files("lake").pop_first().expect("the plan");
    let mut plan: Value = serde_json::from_slice(&plan).expect("a plan");
    plan["parts"][0]["sha256"] = Value::from("0".repeat(64));
    sandbox.write(&format!("lake/{path}"), plan.to_string());
    let said = sandbox.run("normalize --table t --out lake a.json").failed(1);
    assert!(said.contains("does not come out as planned (its parts)"), "{said}");
    assert!(said.contains("finish it with the build of sluice of that run"), "{said}");
    let said = sandbox.run("normalize --table t --out lake --config other.yaml a.json").failed(1);
    assert!(said.contains("finish it with the settings file of that run"), "{said}");
    assert!(sandbox.parts("lake").is_empty());
}

#[test]
fn files_of_a_newer_sluice_are_refused_by_name() {
    let sandbox = Sandbox::new();
    sandbox.write("a.json", "{}");
    for path in ["_plans/t/g1/x.json", "_registry/t/g1/7.json"] {
        sandbox.write(&format!("lake/{path}"), r#"{"format":2}"#);
        let said = sandbox.run("normalize --table t --out lake a.json").failed(1);
        assert!(said.contains(&format!("use lake/{path}: ")), "{said}");
        assert!(said.contains("format 2 is newer than 1"), "{said}");
        fs::remove_file(sandbox.path("lake").join(path)).expect("remove");
    }
}
