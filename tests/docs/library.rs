use s6_instance_maker_core::{facts::Facts, plan::plan, request::Request, template::Template};

fn snapshot(request: &Request, facts: &Facts, template: &Template) -> String {
    plan(request, facts, template).unwrap().to_string()
}
