"""Reading pages as a browser without scripts would: forms with their fields and buttons, and the words."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str]


@dataclass
class Form:
    """A form of a page; `fields` is what it sends if nothing is typed."""

    id: str
    action: str
    method: str
    fields: Attributes = field(default_factory=dict)
    buttons: list[Attributes] = field(default_factory=list)

    def pressed(self, of_button: Attributes | None = None) -> tuple[str, Attributes]:
        """Where pressing a button sends what; without a choice the first one that does more than draw the form anew."""
        for button in self.buttons:
            if not of_button and "formnovalidate" in button:
                continue
            if all(button.get(name) == value for name, value in (of_button or {}).items()):
                extra = {button["name"]: button.get("value", "")} if "name" in button else {}
                return button.get("formaction", self.action), self.fields | extra
        raise AssertionError(f"no button {of_button} in {self.action}: {self.buttons}")


@dataclass
class Page:
    """A page or fragment, read."""

    text: str = ""
    forms: list[Form] = field(default_factory=list)
    facts: list[Attributes] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def form(self, action: str) -> Form:
        """The form whose action ends like this."""
        found = next((one for one in self.forms if one.action.endswith(action)), None)
        assert found is not None, f"no form to {action}, only {[one.action for one in self.forms]}: {self.text[:2000]}"
        return found

    @property
    def state(self) -> str | None:
        """What `data-state` says of the order."""
        return next((one["data-state"] for one in self.facts if "data-state" in one), None)

    @property
    def panel(self) -> str | None:
        """What `data-panel` says of the one-click panel."""
        return next((one["data-panel"] for one in self.facts if "data-panel" in one), None)

    @property
    def order(self) -> str | None:
        """The public id of the order shown."""
        return next((one["data-order"] for one in self.facts if "data-order" in one), None)


def read(html: str) -> Page:
    """Read a page."""
    reader = _Reader()
    reader.feed(html)
    reader.page.text = " ".join("".join(reader.words).split())
    return reader.page


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.words: list[str] = []
        self._form: Form | None = None
        self._select: tuple[Form, str] | None = None
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if any(name in told for name in ("data-state", "data-panel", "data-order")):
            self.page.facts.append(told)
        if tag == "a" and "href" in told:
            self.page.links.append(told["href"])
        if tag == "form":
            self._form = Form(told.get("id", ""), told.get("action", ""), told.get("method", "get"))
            self.page.forms.append(self._form)
        form = self._owner(told)
        if form is not None:
            self._field(tag, told, form)
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    def _owner(self, told: Attributes) -> Form | None:
        if "form" not in told:
            return self._form
        return next((one for one in self.page.forms if one.id == told["form"]), None)

    def _field(self, tag: str, told: Attributes, form: Form) -> None:
        if "disabled" in told:
            return
        kind = told.get("type", "submit" if tag == "button" else "text")
        if tag == "select":
            self._select = (form, told.get("name", ""))
        elif tag == "option" and self._select and ("selected" in told or self._select[1] not in form.fields):
            form.fields[self._select[1]] = told.get("value", "")
        elif tag in {"button", "input"} and kind == "submit":
            form.buttons.append(told)
        elif tag == "input" and "name" in told and (kind not in {"radio", "checkbox"} or "checked" in told):
            form.fields[told["name"]] = told.get("value", "on" if kind == "checkbox" else "")
        elif tag == "textarea":
            form.fields[told.get("name", "")] = ""
