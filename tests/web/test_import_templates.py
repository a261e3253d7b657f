"""Empty import tables to download."""

import csv
import io
from collections.abc import Callable

from flask.testing import FlaskClient

SignIn = Callable[[str], FlaskClient]


def test_an_empty_table_is_downloaded(sign_in: SignIn) -> None:
    response = sign_in("alice").get("/sources/import-templates/weibo.csv")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert response.headers["Content-Disposition"] == 'attachment; filename="xianwai-weibo.csv"'
    header, _ = csv.reader(io.StringIO(response.get_data().decode("utf-8-sig")))
    assert header[0] == "评论内容"


def test_a_table_that_does_not_exist_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("alice").get("/sources/import-templates/vk.csv").status_code == 404
