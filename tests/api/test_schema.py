"""Generated requests against every route: no answer is an error of ours."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.openapi import from_dict

from agnes.api.app import ROUTERS, create_app
from agnes.api.openapi import routes_of
from agnes.config.instance import InstanceSettings
from tests.api.conftest import Running
from tests.conftest import FUZZ

EXAMPLES = max(10, FUZZ // 200)
"""Per route."""
APART = {
    "/api/events",  # it does not end
    "/auth/logout",  # these end the session of the client
    "/auth/password",
    "/api/admin/discover-and-register",  # without Keboola it says so, by 503
    "/api/admin/metadata/{table_id}/push",  # and this by 500, as the older system does
}
SCHEMA = from_dict(create_app(InstanceSettings()).openapi())
OPERATIONS = sorted(
    (route.path_format, min(route.methods))
    for route in routes_of(ROUTERS)
    if route.include_in_schema and route.path_format not in APART
)
QUICK = settings(
    max_examples=EXAMPLES,
    stateful_step_count=10,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)


@pytest.fixture(scope="module")
def headers(module_server: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {module_server.token('root@example.com', 'admin')}"}


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_is_answered_by_an_error_of_ours(module_server, headers, path, method):
    @QUICK
    @given(case=SCHEMA[path][method].as_strategy())
    def check(case):
        case.call_and_validate(
            base_url=module_server.url, headers=headers, checks=[not_a_server_error]
        )

    check()


def test_no_sequence_of_requests_is_answered_by_one(module_server, headers):
    linked = SCHEMA.exclude(path=sorted(APART))

    class Workflow(linked.as_state_machine()):
        def get_call_kwargs(self, _):
            return {"base_url": module_server.url, "headers": headers}

        def validate_response(self, response, case, **_):
            case.validate_response(response, checks=[not_a_server_error])

    Workflow.run(settings=QUICK)
