use super::*;

#[test]
fn the_starter_holds_together() {
    Business::starter().unwrap().check().unwrap();
}
