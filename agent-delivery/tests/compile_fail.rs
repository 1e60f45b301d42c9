//! What must not compile: a release without a review.

// covers: QR-1
#[test]
fn nothing_is_released_without_a_passed_review() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/released_from_draft.rs");
    cases.compile_fail("tests/compile_fail/released_by_hand.rs");
    cases.compile_fail("tests/compile_fail/review_passed_by_hand.rs");
    cases.compile_fail("tests/compile_fail/review_passed_from_json.rs");
    cases.compile_fail("tests/compile_fail/review_used_twice.rs");
}
