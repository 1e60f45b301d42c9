//! What must not compile: nothing reaches a person and no money moves except through the gates.

// covers: OU-10, SE-2, X-3, X-4
#[test]
fn ways_around_the_gates_do_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
