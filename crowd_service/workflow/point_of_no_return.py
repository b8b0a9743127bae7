"""The last instant at which people inside can still keep a ticket's deadline."""

from datetime import timedelta


def point_of_no_return(deadline, travel_minutes=0, work_minutes=0, duty_minutes=0):
    """Return when the crowd's time is over: what comes after belongs to technicians.

    :param deadline: when the work must be done (naive UTC)
    :param travel_minutes: way of a technician, estimated
    :param work_minutes: planned work
    :param duty_minutes: how long a technician may take to answer

    >>> from datetime import datetime
    >>> point_of_no_return(datetime(2026, 3, 2, 18), 40, 60, 15)
    datetime.datetime(2026, 3, 2, 16, 5)
    """
    return deadline - timedelta(minutes=travel_minutes + work_minutes + duty_minutes)


def share(at, start, end):
    """Return where ``at`` lies between ``start`` and ``end``, in whole percent.

    >>> from datetime import datetime
    >>> share(datetime(2026, 3, 2, 15), datetime(2026, 3, 2, 14), datetime(2026, 3, 2, 18))
    25
    """
    part = (at - start) / (end - start)
    return round(100 * min(max(part, 0.0), 1.0))
