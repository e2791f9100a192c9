"""What the messages of known panels mean, in the languages in which they are met.

The lists that make an order wait may err on the safe side. The list that lets a customer be
refunded holds whole messages only: of a message that is not in it, nobody knows what it means.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from catalog.upstream.account_messages import BAD_KEY, NO_FUNDS
from catalog.upstream.error_texts import LINK, NUMBER, find_reason, normalize
from catalog.upstream.outcomes import Reason

ANY_NUMBER: Final = "0"


def fold(text: str) -> str:
    """Lower case, single spaces, no accents; every link and number is "0"."""
    plain = unicodedata.normalize("NFKD", NUMBER.sub(ANY_NUMBER, LINK.sub(ANY_NUMBER, text)))
    return normalize("".join(char for char in plain if unicodedata.category(char) != "Mn"))


# Whole messages about the order itself; links and numbers are "0".
ABOUT_THE_ORDER: Final = frozenset(
    fold(line)
    for line in """
    neworder error link
    neworder error link duplicate
    neworder error min quantity
    neworder error max quantity
    neworder error quantity
    neworder error service
    neworder error comments
    neworder error username
    incorrect service id
    invalid service id
    invalid service
    incorrect service
    service not found
    service does not exist
    service id does not exists
    service is disabled
    service is inactive
    this service is disabled
    this service is not available
    bad link
    bad link 0
    invalid link 0
    wrong link
    invalid link
    incorrect link
    invalid url
    link is required
    link is invalid
    link is not valid
    link is incorrect
    link is not supported
    the link is invalid
    link not found
    missing link
    link duplicate
    duplicate link
    invalid username
    incorrect username
    username is required
    user not found
    account is private
    account not found
    account does not exist
    profile is private
    profile not found
    this account is private
    the account is private
    post not found
    post is private
    video not found
    channel not found
    link is private
    private account
    invalid quantity
    incorrect quantity
    quantity is required
    quantity is incorrect
    quantity less than minimal
    quantity less than minimal 0
    quantity less than minimum
    quantity less than minimum 0
    quantity more than maximum
    quantity more than maximum 0
    quantity more than maximal
    quantity more than maximal 0
    quantity is less than minimum
    quantity is more than maximum
    quantity too low
    quantity too high
    quantity too small
    quantity too large
    quantity must to be greater than or equal to minimum amount
    quantity must to be less than or equal to maximum amount
    quantity must be greater than or equal to 0
    quantity must be less than or equal to 0
    minimum quantity is 0
    maximum quantity is 0
    min quantity is 0
    max quantity is 0
    minimum order is 0
    maximum order is 0
    incorrect quantity min 0 max 0
    invalid comments
    incorrect comments
    comments are required
    comments is required
    comments field is required
    not enough comments
    invalid keywords
    invalid hashtag
    invalid usernames
    invalid answer number
    invalid runs
    invalid interval
    dripfeed is not available for this service
    drip feed is not available for this service
    missing required parameters
    you have active order with this link please wait until order being completed
    you have an active order with this link please wait until it is completed
    active order with this link already exists
    order with this link already exists
    an order with this link is already in progress
    there is already an active order for this link
    refill is not available
    refill is not available for this order
    refill is disabled
    refill is disabled for this service
    this service does not support refill
    this order does not support refill
    the order is not completed yet
    the order is already being refilled
    order is already being refilled
    refill already requested
    refill is already in progress
    previous refill is not completed
    you can refill the order in 0 hours
    cancel is disabled for this service
    cancellation is disabled for this service
    this service does not support cancel
    this order cannot be canceled
    cancel already requested
    the order is already over
    refill is over
    refill period is over
    refill period has expired
    refill is not allowed
    order is not eligible for refill
    order cannot be refilled
    order not completed
    order is not completed
    cancel is disabled
    cancel is not available
    cancel is not allowed
    order cannot be canceled
    order cannot be cancelled
    order is already completed
    order already completed
    incorrect order id
    order not found
    enlace inválido
    enlace no válido
    enlace incorrecto
    el enlace no es válido
    cantidad inválida
    cantidad no válida
    cantidad menor que el mínimo
    cantidad mayor que el máximo
    servicio no encontrado
    la cuenta es privada
    link inválido
    quantidade inválida
    quantidade menor que o mínimo
    quantidade maior que o máximo
    serviço não encontrado
    serviço inválido
    conta privada
    o perfil é privado
    неверная ссылка
    некорректная ссылка
    неправильная ссылка
    неверное количество
    количество меньше минимального
    количество больше максимального
    услуга не найдена
    сервис не найден
    аккаунт закрыт
    профиль закрыт
    невірне посилання
    geçersiz link
    geçersiz bağlantı
    hatalı link
    geçersiz miktar
    geçersiz servis
    servis bulunamadı
    hesap gizli
    hesap gizli olmamalı
    tautan tidak valid
    link tidak valid
    jumlah tidak valid
    layanan tidak ditemukan
    akun private
    liên kết không hợp lệ
    link không hợp lệ
    số lượng không hợp lệ
    dịch vụ không tồn tại
    lien invalide
    lien incorrect
    quantité invalide
    service introuvable
    compte privé
    ungültiger link
    ungültige menge
    dienst nicht gefunden
    konto ist privat
    link non valido
    quantità non valida
    servizio non trovato
    nieprawidłowy link
    nieprawidłowa ilość
    رابط غير صالح
    الرابط غير صحيح
    الكمية غير صحيحة
    الخدمة غير موجودة
    لینک نامعتبر است
    链接无效
    无效链接
    数量无效
    服务不存在
    ลิงก์ไม่ถูกต้อง
    """.splitlines()
    if line.strip()
)

# A message that names a field of the order, as field-by-field validation does in any language
FIELD: Final = re.compile(
    r"(?:link|url|quantity|service|comments|usernames?|hashtags?|keywords|answer_number|media"
    r"|groups|runs|interval|country|device|min|max|posts|delay|expiry): "
)


def meaning_of(text: str, *, http_status: int | None = None) -> Reason:
    """Why a call was rejected with this message; UNKNOWN where no known panel says so.

    HTTP 401 is about our key, whatever the words are; 402 and 403 are about our account, unless a
    known panel says this about an order.
    """
    reason = find_reason(text, http_status=http_status)
    if reason is not Reason.CUSTOMER:
        return reason
    folded = fold(text)
    if folded in ABOUT_THE_ORDER:
        return Reason.CUSTOMER
    if http_status == 402 or any(fold(phrase) in folded for phrase in NO_FUNDS):
        return Reason.NO_FUNDS
    if http_status == 403 or any(fold(phrase) in folded for phrase in BAD_KEY):
        return Reason.BAD_KEY
    if all(FIELD.match(part) for part in text.split("; ")):
        return Reason.CUSTOMER
    return Reason.UNKNOWN
