"""The words of a payment's story: statuses, events of the audit, and problems that a person must look at."""

from __future__ import annotations

from studium.services.translation import N_

STATUSES = {
    "creating": N_("The payment was made."),
    "pending": N_("The buyer can pay now."),
    "completed": N_("The money is there."),
    "failed": N_("The payment failed."),
    "expired": N_("The time to pay ended."),
    "partly_refunded": N_("A part of the money was given back."),
    "refunded": N_("All of the money was given back."),
    "disputed": N_("The buyer disputes the payment at their bank."),
}
EVENTS = {
    "created": N_("The payment was made."),
    "replaced": N_("The buyer chose again; a newer payment takes the place of this one."),
    "began": N_("The provider was asked for the payment."),
    "moved": N_("The status changed."),
    "checked": N_("The provider was asked; nothing had changed."),
    "ignored": N_("Old news came and changed nothing."),
    "mismatch": N_("What the provider says does not fit this payment."),
    "refund": N_("A refund went on."),
    "dispute": N_("Somebody wrote down how a dispute stands."),
    "grant": N_("Access was given."),
    "revoke": N_("Access was taken back."),
    "restore": N_("Access was given again."),
    "down": N_("The provider did not answer."),
    "refused": N_("The provider refused to answer."),
    "confirmed": N_("Somebody confirmed that the money came."),
    "settled": N_("Somebody dealt with a problem."),
    "rejected": N_("Somebody said that the money will not come."),
}
PROBLEMS = {
    "amount-mismatch": N_("Another amount was paid than was asked, so access was not given. Refund it on the provider's pages."),
    "currency-mismatch": N_("It was paid in another currency than was asked, so access was not given. Refund it on the provider's pages."),
    "mode-mismatch": N_("Test money and real money were mixed: the provider's keys are of another mode than when the payment began."),
    "order-mismatch": N_("The provider's payment belongs to another order. Compare both on the provider's pages."),
    "paid-twice": N_("The person has this tier by another payment already. Refund one of the two."),
    "paid-twice-object": N_("It was paid twice at the provider, by two objects; the story names both. Refund the second on its pages."),
    "no-account": N_("The account was deleted before the money came, so nobody has access. Refund it."),
    "upgrade-base-gone": N_("What this upgrade stands on was given back or is disputed, so it gives no access. "
                            "Refund it, or give access by hand."),
    "credit-gone": N_("The price of a lower tier was taken off, but that was given back meanwhile or taken off twice. "
                      "Access was given: look whether more is owed or something must be refunded."),
    "coupon-overused": N_("The coupon was used more often than it may be, because money came late. Access was given for the lower price."),
    "refund-failed": N_("A refund failed, the buyer has not got the money. Ask again, or give it back another way."),
    "refund-mismatch": N_("The provider tells of a refund that cannot belong to this payment. Compare both on the provider's pages."),
    "over-refunded": N_("More was given back than was paid. Compare with the provider's pages."),
    "disputed-after-refund": N_("The buyer disputes a payment that was given back in whole. Answer the dispute with the refund."),
}
