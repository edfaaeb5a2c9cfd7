//! A template becomes a service directory.
use s6_instance_maker_workspace::{disk, program, scratch::Scratch};

#[test]
fn makes_a_service_directory() {
    let scratch = Scratch::new("smoke");
    disk::plain_template(scratch.join("template"));
    program::maker(scratch.path(), ["template", "out"]).expect_code(0);
    assert_eq!(disk::read_tree(&scratch.join("out"))[b"run".as_slice()].mode, 0o755);
}
