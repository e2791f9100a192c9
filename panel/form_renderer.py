"""Every form's door: each typed value is cleaned by its field's kind before a form reads it.

Django asks a project's renderer for the class of bound fields; allauth's forms pass here, too.
"""

from typing import Any, Final

from django import forms
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting
from django.utils.safestring import SafeString

from lib.email_addresses import normal_email
from lib.typed_numbers import NO_FRACTION, ungrouped_number, whole_number
from lib.typed_text import compact, many_lines, one_line

# attributes of number inputs only; the server checks them
_BOUNDS: Final = {"min": "data-min", "max": "data-max"}


def cleaned(field: forms.Field, name: str, value: str) -> str:
    """What was typed into that field, as the field should read it. Passwords stay as they are."""
    widget = field.widget
    if isinstance(widget, forms.PasswordInput):
        return value if "password" in name else compact(value)
    if widget.is_hidden or not getattr(field, "strip", True):
        return value
    if isinstance(field, forms.EmailField):
        return normal_email(value)
    if isinstance(field, forms.DecimalField | forms.FloatField):
        return ungrouped_number(value)
    if isinstance(field, forms.IntegerField):
        return whole_number(value)
    if isinstance(field, forms.CharField):
        return many_lines(value) if isinstance(widget, forms.Textarea) else one_line(value)
    return value


class TypedField(BoundField):
    """A field with cleaned data. Numbers are typed into text inputs.

    A browser's number input takes no 1,000, and turns at the mouse's wheel.
    """

    def __init__(self, form: forms.BaseForm, field: forms.Field, name: str) -> None:
        super().__init__(form, field, name)
        if isinstance(field, forms.IntegerField) and not isinstance(
            field, forms.DecimalField | forms.FloatField
        ):
            field.re_decimal = NO_FRACTION  # Django reads 1.000 as 1

    @property
    def data(self) -> Any:
        """What was typed, cleaned."""
        typed = super().data
        return cleaned(self.field, self.name, typed) if isinstance(typed, str) else typed

    def as_widget(
        self,
        widget: forms.Widget | None = None,
        attrs: dict[str, Any] | None = None,
        only_initial: bool = False,
    ) -> SafeString:
        """The control; a number's is a text input with the keyboard of numbers."""
        widget = widget or self.field.widget
        if isinstance(widget, forms.NumberInput):
            is_whole = widget.attrs.get("step") in {None, 1, "1"} and not isinstance(
                self.field, forms.DecimalField | forms.FloatField
            )
            bare = {_BOUNDS.get(name, name): value for name, value in widget.attrs.items()}
            bare.pop("step", None)
            keyboard = {"inputmode": "numeric" if is_whole else "decimal"}
            widget = forms.TextInput(attrs=keyboard | bare)
        return super().as_widget(widget, attrs, only_initial)


class FormRenderer(TemplatesSetting):
    """Templates as settings say, with `TypedField` in every form."""

    bound_field_class = TypedField
