//! A rebuilt generation stands beside the current one until the views switch.

use super::{catalog, child, column_names, find, parameter, registry, table};
use crate::harness::Emulator;
use sluice_pipeline::{Catalog, Shown, Switched, Views};

#[tokio::test]
async fn the_switch_moves_views_and_nothing_before_does() {
    let emulator = Emulator::Moto;
    let name = table("again");
    let view = async |name: &str| find(emulator, "lake", name).await;
    let shown = async |generation| catalog(emulator).await.shown(&name, generation).await;

    let mut first = registry(&name, 1, 3);
    first.tables.extend([child(&name, "items"), child(&name, "gone")]);
    catalog(emulator).await.show(&first).await.expect("show");
    let before = view(name.as_str()).await.expect("a view");

    let mut second = registry(&name, 2, 1);
    second.tables.push(child(&name, "items"));
    catalog(emulator).await.show(&second).await.expect("show");
    assert_eq!(view(name.as_str()).await, Some(before));
    let physical = format!("sluice_g2__{name}");
    let physical = find(emulator, "lake_files", &physical).await.expect("beside the first");
    let location = physical.storage_descriptor().and_then(|storage| storage.location());
    assert_eq!(location, Some(format!("s3://bucket/lake/{name}/g2/").as_str()));
    assert_eq!(shown(1).await.expect("shown"), Some(Shown { version: 3 }));
    assert_eq!(shown(2).await.expect("shown"), Some(Shown { version: 1 }));

    // Somebody shows a higher version while an older one is switched to.
    let mut newer = registry(&name, 2, 2);
    newer.tables.push(child(&name, "items"));
    catalog(emulator).await.show(&newer).await.expect("show");
    let switch = async |registry| catalog(emulator).await.switch(registry).await.expect("switch");
    assert_eq!(switch(&second).await, Switched::Behind { version: 2 });
    for _ in 0..2 {
        assert_eq!(switch(&newer).await, Switched::Done);
        let root = view(name.as_str()).await.expect("a view");
        assert_eq!(parameter(&root, "sluice.generation"), "2");
        assert!(column_names(&root).contains(&"c2") && !column_names(&root).contains(&"c3"));
        let items = view(&format!("{name}__items")).await.expect("a view");
        assert_eq!(parameter(&items, "sluice.generation"), "2");
        assert_eq!(view(&format!("{name}__gone")).await, None);
    }
    assert_eq!(shown(2).await.expect("shown"), Some(Shown { version: 2 }));
    assert_eq!(shown(1).await.expect("shown"), Some(Shown { version: 3 }));

    // Who still writes the old generation raises its tables, and no view.
    let mut late = registry(&name, 1, 4);
    late.tables.extend([child(&name, "items"), child(&name, "gone")]);
    catalog(emulator).await.show(&late).await.expect("show");
    assert_eq!(shown(1).await.expect("shown"), Some(Shown { version: 4 }));
    assert_eq!(view(&format!("{name}__gone")).await, None);
    assert_eq!(parameter(&view(name.as_str()).await.expect("a view"), "sluice.generation"), "2");

    // The new generation goes on under its view.
    let mut third = registry(&name, 2, 3);
    third.tables.push(child(&name, "more"));
    catalog(emulator).await.show(&third).await.expect("show");
    assert!(view(&format!("{name}__more")).await.is_some());
    assert_eq!(shown(2).await.expect("shown"), Some(Shown { version: 3 }));
}

#[tokio::test]
async fn tables_without_the_first_view_are_not_shown() {
    let emulator = Emulator::Moto;
    let name = table("half");
    catalog(emulator).await.show(&registry(&name, 1, 1)).await.expect("show");
    // As after a crash between the table and its view.
    let glue = emulator.aws().await.glue();
    glue.delete_table().database_name("lake").name(name.as_str()).send().await.expect("delete");
    assert_eq!(catalog(emulator).await.shown(&name, 1).await.expect("shown"), None);
    catalog(emulator).await.show(&registry(&name, 1, 1)).await.expect("show");
    let shown = catalog(emulator).await.shown(&name, 1).await.expect("shown");
    assert_eq!(shown, Some(Shown { version: 1 }));
}
